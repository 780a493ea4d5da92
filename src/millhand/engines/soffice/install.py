"""Finding the installed LibreOffice: where it is, which version, which engines it can run, which parts it lacks."""

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from millhand.core.errors import EngineMissing
from millhand.engines.soffice.lok import LIBRARIES

_LINUX_PLACES = (
    "/usr/lib/libreoffice",
    "/usr/lib64/libreoffice",
    "/opt/libreoffice*",
    "/opt/collaboraoffice*",
    "/snap/libreoffice/current/lib/libreoffice",
)
_MAC_PLACES = ("/Applications/LibreOffice.app/Contents",)
_WINDOWS_PLACES = (r"C:\Program Files\LibreOffice*", r"C:\Program Files (x86)\LibreOffice*")

_ABOUT = re.compile(rb'oor:name="ooSetupVersionAboutBox"[^>]*>\s*<value>([\d.]+)</value>')

# A file that only a complete part brings -> what is missing without it, and the Debian package that has it.
_PARTS = (
    ("program/libswlo.so", "text documents (Writer)", "libreoffice-writer"),
    ("program/libsclo.so", "spreadsheets (Calc)", "libreoffice-calc"),
    ("program/libsdlo.so", "presentations (Impress)", "libreoffice-impress"),
    ("program/libsmlo.so", "formulas in documents (Math)", "libreoffice-math"),
    (
        "share/config/soffice.cfg/modules/swriter/ui/annotation.ui",
        "documents with comments (libreoffice-writer-nogui is not enough)",
        "libreoffice-writer",
    ),
)


@dataclass(frozen=True)
class MissingPart:
    """A part of LibreOffice that is not installed: what can't be converted without it, and its Debian package."""

    what: str
    package: str


@dataclass(frozen=True)
class Installation:
    """An installed LibreOffice.

    `program` is the folder of its programs, `executable` the one to start; `library` is the LibreOfficeKit library,
    None where only a cold start is possible.
    """

    root: Path
    program: Path
    executable: Path
    version: str
    library: Path | None
    missing: tuple[MissingPart, ...]

    @property
    def major_minor(self) -> str:
        """The first two parts of the version, as in `7.4`."""
        return ".".join(self.version.split(".")[:2])


def find(preferred: Path | None = None) -> Installation:
    """The LibreOffice to use: the one at `preferred` (its root folder) or the first in the usual places.

    Raises EngineMissing with the package to install.
    """
    for root in [preferred] if preferred is not None else _candidates():
        installation = _look_at(root)
        if installation is not None:
            return installation
    place = f"in {preferred}" if preferred is not None else "on this machine"
    raise EngineMissing(
        f"LibreOffice was not found {place}.",
        code="libreoffice_missing",
        hint="On Debian or Ubuntu: apt-get install libreoffice-writer libreoffice-calc libreoffice-impress.",
    )


def _candidates() -> list[Path]:
    roots: list[Path] = []
    on_path = shutil.which("soffice")
    if on_path is not None:
        roots.append(Path(on_path).resolve().parent.parent)
    places = {"darwin": _MAC_PLACES, "win32": _WINDOWS_PLACES}.get(sys.platform, _LINUX_PLACES)
    for place in places:
        pattern = Path(place)
        roots += sorted(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))), reverse=True)
    return roots


def _look_at(root: Path) -> Installation | None:
    program = next((folder for folder in (root / "program", root / "MacOS") if folder.is_dir()), None)
    if program is None:
        return None
    # The real program, not the script or splash screen in front of it: one process less to supervise.
    names = ("soffice.exe",) if sys.platform == "win32" else ("soffice.bin", "soffice")
    executable = next((program / name for name in names if (program / name).is_file()), None)
    if executable is None:
        return None
    return Installation(
        root=root,
        program=program,
        executable=executable,
        version=_version(root),
        library=_library(program),
        missing=_missing(root) if sys.platform == "linux" else (),
    )


def _library(program: Path) -> Path | None:
    if sys.platform != "linux":
        return None
    return next((program / name for name in LIBRARIES if (program / name).is_file()), None)


def _version(root: Path) -> str:
    """The version that LibreOffice's own configuration names: its other version files differ between builds."""
    for path in (root / "share/registry/main.xcd", root / "Resources/registry/main.xcd"):
        try:
            found = _ABOUT.search(path.read_bytes())
        except OSError:
            continue
        if found:
            return found[1].decode("ascii")
    return "unknown"


def _missing(root: Path) -> tuple[MissingPart, ...]:
    return tuple(MissingPart(what, package) for file, what, package in _PARTS if not (root / file).exists())
