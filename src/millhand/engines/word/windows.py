"""Word's COM as pywin32 gives it. Windows only.

Late-bound throughout: early-bound wrappers are kept in a cache of the user's profile, which breaks under SYSTEM.
Sources: pywin32 (pythoncom, win32com.client.dynamic, win32gui, win32process); Microsoft Learn, Application.Caption,
EnumWindows, CreateMutexW. Word has no handle of its own window, so it is known by a caption that nobody else has.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import psutil

if sys.platform == "win32":
    import winreg

    import pythoncom
    import pywintypes
    import win32con
    import win32event
    import win32gui
    import win32process
    from win32com.client import dynamic

    _PROGRAM = "winword.exe"
    _CLASS = "OpusApp"
    _MUTEX = "Global\\millhand-word-starts"
    _MUTEX_MILLISECONDS = 60_000
    _NOTES_OF_A_CRASH = ("StartupItems", "DisabledItems", "DocumentRecovery")

    class WindowsCom:
        """The real one."""

        errors: tuple[type[Exception], ...] = (pywintypes.com_error, AttributeError)

        @contextmanager
        def apartment(self) -> Generator[None]:
            """Enter a single-threaded apartment."""
            pythoncom.CoInitializeEx(pythoncom.COINIT_APARTMENTTHREADED)
            try:
                yield
            finally:
                pythoncom.CoUninitialize()

        def start(self) -> Any:  # noqa: ANN401 - see the port
            """A new Word: never one that somebody else works with. Only one on the machine starts at a time."""
            with _alone():
                made = pythoncom.CoCreateInstanceEx(
                    "Word.Application",
                    None,
                    pythoncom.CLSCTX_LOCAL_SERVER,
                    None,
                    (pythoncom.IID_IDispatch,),
                )[0]
                return dynamic.Dispatch(made)

        def process_of(self, application: Any) -> int | None:  # noqa: ANN401 - see the port
            """The process that owns the window with a caption given for this purpose."""
            mark = f"millhand-{pythoncom.CreateGuid()}"
            application.Caption = mark
            found: list[int] = []

            def look(window: int, _: object) -> bool:
                if win32gui.GetClassName(window) == _CLASS and win32gui.GetWindowText(window).endswith(mark):
                    found.append(win32process.GetWindowThreadProcessId(window)[1])
                return True

            win32gui.EnumWindows(look, None)
            return found[0] if len(set(found)) == 1 else None

        def processes(self) -> frozenset[int]:
            """Every winword.exe."""
            return frozenset(
                process.pid
                for process in psutil.process_iter(["name"])
                if (process.info["name"] or "").lower() == _PROGRAM
            )

        def forget_crash(self, version: str) -> None:
            """Remove the keys under Resiliency by which Word would offer recovery or its safe mode."""
            for name in _NOTES_OF_A_CRASH:
                _remove(rf"Software\Microsoft\Office\{version}\Word\Resiliency\{name}")

    @contextmanager
    def _alone() -> Generator[None]:
        mutex = win32event.CreateMutex(None, False, _MUTEX)  # noqa: FBT003 - the Windows signature
        win32event.WaitForSingleObject(mutex, _MUTEX_MILLISECONDS)
        try:
            yield
        finally:
            win32event.ReleaseMutex(mutex)
            mutex.Close()

    def _remove(key: str) -> None:
        """Remove a key with those below it, if it is there."""
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, key, 0, win32con.KEY_ALL_ACCESS) as opened:
                below = [winreg.EnumKey(opened, number) for number in range(winreg.QueryInfoKey(opened)[0])]
            for name in below:
                _remove(rf"{key}\{name}")
            winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)
        except OSError:
            return
