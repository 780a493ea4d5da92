"""LibreOfficeKit through ctypes: as much of its C interface as converting a document needs. Standard library only.

Source: LibreOfficeKit.h of LibreOffice 7.4. The interface is a table of function pointers that only ever grows at
its end, so positions are stable; the first entry is the table's size in bytes.
"""

import contextlib
import ctypes
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = ("libmergedlo.so", "libsofficeapp.so")

_POINTER = ctypes.sizeof(ctypes.c_void_p)
_TEXT = ctypes.c_char_p
_POLL = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)
_WAKE = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
_NOTICE = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)

# Positions in LibreOfficeKitClass, after the size.
_GET_ERROR = 2
_LOAD = 3
_REGISTER_CALLBACK = 5
_SET_FEATURES = 7
_SET_PASSWORD = 8
_VERSION = 9
_RUN_LOOP = 12
# Positions in LibreOfficeKitDocumentClass.
_DESTROY = 0
_SAVE_AS = 1
_GET_TYPE = 2
_POST_COMMAND = 16
_FAMILIES = ("writer", "calc", "impress", "draw")

_FEATURE_PASSWORD = 0b01
_FEATURE_PASSWORD_TO_MODIFY = 0b10
_NOTICE_PASSWORD = 20
_NOTICE_PASSWORD_TO_MODIFY = 21

_NAP = 0.001  # seconds


class LokError(Exception):
    """LibreOffice refused; the message is its own."""


class Document:
    """A loaded document."""

    def __init__(self, office: "Office", handle: int) -> None:
        self._office = office
        self._handle = handle

    def run_command(self, command: str) -> None:
        """Run one `.uno:` command and wait for its end. Raises LokError if the document does not know it."""
        # A new document's window becomes the active one, the target of commands, only by a queued event.
        self._office.settle()
        arguments = b'{"SynchronMode":{"type":"boolean","value":"true"}}'
        post = _method(self._handle, _POST_COMMAND, None, _TEXT, _TEXT, ctypes.c_bool)
        post(self._handle, command.encode(), arguments, 0)
        if reason := self._office.last_error():
            raise LokError(reason)
        self._office.settle()

    def family(self) -> str:
        """The application that opened it: writer, calc, impress or draw; empty for anything else."""
        kind = _method(self._handle, _GET_TYPE, ctypes.c_int)(self._handle)
        return dict(enumerate(_FAMILIES)).get(kind, "")

    def close(self) -> None:
        """Free the document; it can't be used any more."""
        _method(self._handle, _DESTROY, None)(self._handle)

    def save_as(self, target: Path, kind: str, options: str) -> None:
        """Write the document in another format. Raises LokError with LibreOffice's reason."""
        save = _method(self._handle, _SAVE_AS, ctypes.c_int, _TEXT, _TEXT, _TEXT)
        if not save(self._handle, target.as_uri().encode(), kind.encode(), options.encode()):
            raise LokError(self._office.last_error() or "it could not be saved")


class Office:
    """LibreOffice inside this process, in single-threaded (unipoll) mode, so that the process may fork."""

    def __init__(self, program: Path, profile: Path) -> None:
        os.environ["SAL_LOK_OPTIONS"] = "unipoll"
        os.environ["SAL_USE_VCLPLUGIN"] = "svp"
        self._library = _library(program)
        hook = self._library.libreofficekit_hook_2
        hook.restype, hook.argtypes = ctypes.c_void_p, [_TEXT, _TEXT]
        handle = hook(str(program).encode(), profile.as_uri().encode())
        if not handle:
            raise LokError("LibreOfficeKit did not start")
        self._handle: int = handle
        self._kept: list[object] = []  # callbacks that LibreOffice holds, and Python must not collect

    def settle(self) -> None:
        """Let LibreOffice handle what it has queued, where its library lets others ask for that."""
        with contextlib.suppress(AttributeError):
            self._library.unit_lok_process_events_to_idle()

    def version(self) -> str:
        """What LibreOffice says about itself, as JSON."""
        return _text(_method(self._handle, _VERSION, ctypes.c_void_p)(self._handle))

    def last_error(self) -> str:
        """The reason of the last failure, if LibreOffice gave one."""
        return _text(_method(self._handle, _GET_ERROR, ctypes.c_void_p)(self._handle))

    def answer_passwords(self, source: Path, password: str) -> None:
        """Give this password, once, when the document at `source` asks for one to open it; never one to change it."""
        answers: list[bytes | None] = [password.encode()]
        give = _method(self._handle, _SET_PASSWORD, None, _TEXT, _TEXT)

        # The address as it was given to `load`: filters announce others, for which LibreOffice crashes.
        address = source.as_uri().encode()

        def notice(kind: int, _payload: bytes, _data: int | None) -> None:
            if kind == _NOTICE_PASSWORD:
                give(self._handle, address, answers.pop() if answers else None)
            elif kind == _NOTICE_PASSWORD_TO_MODIFY:
                give(self._handle, address, None)

        callback = _NOTICE(notice)
        self._kept.append(callback)
        features = _FEATURE_PASSWORD | _FEATURE_PASSWORD_TO_MODIFY
        _method(self._handle, _SET_FEATURES, None, ctypes.c_ulonglong)(self._handle, features)
        _method(self._handle, _REGISTER_CALLBACK, None, _NOTICE, ctypes.c_void_p)(self._handle, callback, None)

    def load(self, source: Path, options: str) -> Document:
        """Open a document, macros off and without dialogs. Raises LokError with LibreOffice's reason."""
        load = _method(self._handle, _LOAD, ctypes.c_void_p, _TEXT, _TEXT)
        handle = load(self._handle, source.as_uri().encode(), options.encode())
        if not handle:
            raise LokError(self.last_error() or "it could not be loaded")
        return Document(self, handle)

    def run(self, main: Callable[[], NoReturn]) -> None:
        """Enter LibreOffice's event loop and run `main` in it.

        `main` must not return and must let nothing escape: LibreOffice would call it again, for ever.
        """
        entered = False

        def poll_callback(_data: int | None, microseconds: int) -> int:
            nonlocal entered
            if not entered:
                entered = True
                main()
            # Asked from inside `main`: LibreOffice waits for threads of its own, such as those that read a workbook's
            # sheets. Not all of them say when they are done, so it must look again soon.
            wanted = microseconds / 1e6 if microseconds >= 0 else _NAP
            time.sleep(min(wanted, _NAP))
            return 0

        def wake_callback(_data: int | None) -> None:
            return None

        poll, wake = _POLL(poll_callback), _WAKE(wake_callback)
        self._kept += [poll, wake]
        # The last argument must not be null: with null the poll callback is never called.
        loop = _method(self._handle, _RUN_LOOP, None, _POLL, _WAKE, ctypes.c_void_p)
        loop(self._handle, poll, wake, ctypes.c_void_p(1))


def _library(program: Path) -> ctypes.CDLL:
    for name in LIBRARIES:
        # In a merged build the other library is a stub of a few bytes.
        path = program / name
        if path.is_file() and path.stat().st_size > 1000:  # noqa: PLR2004
            try:
                return ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
            except OSError as error:
                raise LokError(str(error)) from error
    raise LokError(f"no LibreOfficeKit library in {program}")


def _method(  # ctypes describes types by values whose own type has no public name
    handle: int,
    position: int,
    result: Any,  # noqa: ANN401 - as said
    *arguments: Any,  # noqa: ANN401 - as said
) -> Callable[..., int]:
    table = ctypes.cast(handle, ctypes.POINTER(ctypes.c_void_p))[0]
    if table is None:
        raise LokError("an object without functions")
    size = ctypes.cast(table, ctypes.POINTER(ctypes.c_size_t))[0]
    offset = (position + 1) * _POINTER
    if offset >= size:
        raise LokError(f"this LibreOffice lacks function {position}")
    address = ctypes.cast(table + offset, ctypes.POINTER(ctypes.c_void_p))[0]
    prototype = ctypes.CFUNCTYPE(result, ctypes.c_void_p, *arguments)
    return prototype(address)


def _text(address: int | None) -> str:
    return ctypes.string_at(address).decode("utf-8", "replace") if address else ""
