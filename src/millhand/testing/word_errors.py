"""Errors as a fake of Word raises them: in the shape of pywin32's com_error, with the codes of COM and of Word."""

RPC_E_CALL_REJECTED = -2147418111
RPC_S_SERVER_UNAVAILABLE = -2147023174
RPC_S_CALL_FAILED = -2147023170
REGDB_E_CLASSNOTREG = -2147221164
DISP_E_EXCEPTION = -2147352567
PASSWORD_INCORRECT = -2146822880
FILE_CORRUPTED = -2146822496
COMMAND_FAILED = -2146824090
FILE_NOT_FOUND = -2146823114
NO_DOCUMENT_OPEN = -2146824040
NOT_INITIALISED = -2147221008


class FakeComError(Exception):
    """Carries what pywin32's com_error does: (hresult, text, excepinfo, argument)."""


def exception(scode: int, words: str) -> FakeComError:
    """An error that the object model raises itself: DISP_E_EXCEPTION with Word's code inside."""
    return FakeComError(DISP_E_EXCEPTION, "Exception occurred.", (0, "Microsoft Word", words, "", 25_000, scode), None)


def rpc(hresult: int) -> FakeComError:
    """An error of the connection."""
    return FakeComError(hresult, "The remote procedure call failed.", None, None)
