"""What Word needs of a Windows machine, apart from being there.

Under SYSTEM, Word opens nothing and says nothing unless its profile has a folder Desktop: one for each width of Word.
"""

import sys
from pathlib import Path

import psutil

_SYSTEM_USER = "\\system"
_PROFILES = ("System32", "SysWOW64")


def windows_folder() -> Path:
    """The folder of Windows."""
    return Path("C:/Windows") if sys.platform != "win32" else Path(psutil.Process().environ()["SYSTEMROOT"])


def missing_folders(windows: Path) -> tuple[Path, ...]:
    """The folders in SYSTEM's profiles that Word needs there and that are not."""
    parts = [windows / part for part in _PROFILES if (windows / part).is_dir()]
    wanted = [part / "config/systemprofile/Desktop" for part in parts]
    return tuple(folder for folder in wanted if not folder.is_dir())


def runs_as_system() -> bool:
    """Whether this process is the machine's own user, which has no desktop."""
    return psutil.Process().username().lower().endswith(_SYSTEM_USER)


def registered_version() -> str | None:
    """The version of Word that COM would start, such as `16`; None without Word."""
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415 - Windows only

        try:
            return winreg.QueryValue(winreg.HKEY_CLASSES_ROOT, r"Word.Application\CurVer").rpartition(".")[2]
        except OSError:
            return None
    return None
