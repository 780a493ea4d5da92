"""What a process that opens documents may read: LibreOffice, the system's libraries and fonts, no more."""

from collections.abc import Iterable
from pathlib import Path

from millhand.engines.soffice import fonts
from millhand.engines.soffice.install import Installation

_SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/nix/store",
    "/etc/fonts",
    "/etc/libreoffice",
    "/var/lib/libreoffice",
    "/var/spool/libreoffice",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/papersize",
    "/etc/ssl/certs",
    "/var/cache/fontconfig",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
    "/proc/meminfo",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/sys/devices/system/cpu",
)
_FONTS_OF_USER = (".fonts", ".local/share/fonts", ".cache/fontconfig", ".config/fontconfig")

# Every program writes into this one.
WRITABLE = (Path("/dev/null"),)


def readable(installation: Installation, more: Iterable[Path]) -> tuple[Path, ...]:
    """The files and folders that such a process may read, beside the document's own folder."""
    home = Path.home()
    return (
        *map(Path, _SYSTEM),
        *(home / name for name in _FONTS_OF_USER),
        installation.root,
        fonts.ALIASES.parent,
        *more,
    )
