"""What COM says when a call fails, read from the error of pywin32, and what kind of failure that is.

Sources: Microsoft Learn, "Error Codes (COM)"; MS-ERREF; the trappable errors of Word, which come as 0x800A0000 plus
their number. pywin32's com_error carries (hresult, text, excepinfo, argument), and excepinfo ends with the scode.
"""

from typing import cast

_DISP_E_EXCEPTION = 0x80020009
_SCODE = 5  # its place in excepinfo
_WORDS = 2

REJECTED = frozenset({0x80010001, 0x8001010A})
"""RPC_E_CALL_REJECTED and RPC_E_SERVERCALL_RETRYLATER: Word is busy, and the call may be repeated."""

GONE = frozenset({0x800706BA, 0x800706BE, 0x80010108, 0x80010007, 0x800401FD})
"""RPC_S_SERVER_UNAVAILABLE, RPC_S_CALL_FAILED, RPC_E_DISCONNECTED, RPC_E_SERVER_DIED, CO_E_OBJNOTCONNECTED."""

NOT_INSTALLED = frozenset({0x80040154, 0x800401F3})
"""REGDB_E_CLASSNOTREG and CO_E_CLASSSTRING."""

WRONG_PASSWORD = frozenset({0x800A1520})
"""5408: the password is incorrect."""

CORRUPT = frozenset({0x800A16A0})
"""5792: the file appears to be corrupted."""


class ComFailure(Exception):
    """A call that failed: its HRESULT without a sign, or Word's own code if it told one, and what was said."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{words or 'no words'} (0x{code:08X})")
        self.code = code
        self.words = words


def failure_of(error: BaseException) -> ComFailure:
    """The failure behind an error of pywin32. A member that is not there any more is a connection that is lost."""
    if isinstance(error, AttributeError):
        return ComFailure(0x80010108, str(error))
    hresult, text, details = (*error.args, None, None, None)[:3]
    code = int(hresult or 0) & 0xFFFFFFFF
    words = str(text or "")
    if isinstance(details, tuple):
        told = cast("tuple[object, ...]", details)
        words = str(told[_WORDS] or words)
        scode = told[_SCODE]
        if code == _DISP_E_EXCEPTION and isinstance(scode, int):
            code = scode & 0xFFFFFFFF
    return ComFailure(code, words.strip())
