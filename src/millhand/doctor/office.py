"""Checks of LibreOffice: found, complete, with the fonts that documents want; and, deep, a converted page."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.patient import Patient
from millhand.engines import programs
from millhand.engines.soffice import EngineHealth, Installation, Soffice, SofficeSettings, find
from millhand.engines.soffice.fonts import installed_families, missing_fonts

KIND = "document.convert"
_CUT_OFF = {"network": "the network", "files": "other files of the machine"}
_PROBE_SECONDS = 10


async def installation(patient: Patient) -> Iterable[Finding]:
    """Whether LibreOffice is there with all its parts, and its fast way is usable."""
    if not converts(patient):
        return [not_applicable("libreoffice.found", "This app converts no documents.")]
    try:
        found = await asyncio.to_thread(find, preferred_root(patient))
    except MillhandError as missing:
        return [error("libreoffice.found", missing.message, missing.hint)]
    return [
        ok("libreoffice.found", f"LibreOffice {found.version} is in {found.root}."),
        _kit(found),
        *_parts(found),
    ]


async def fonts(patient: Patient) -> Iterable[Finding]:
    """Whether the fonts that common documents ask for, or such of the same widths, are there."""
    check_id = "libreoffice.fonts"
    if not converts(patient):
        return [not_applicable(check_id, "This app converts no documents.")]
    present = await asyncio.to_thread(installed_families)
    if not present:
        return [
            warning(
                check_id, "Which fonts there are can't be told: `fc-list` is missing.", "apt-get install fontconfig"
            )
        ]
    missing = missing_fonts(present)
    if not missing:
        return [ok(check_id, "The fonts of common documents have stand-ins of the same widths.")]
    names = ", ".join(f"{font.family} ({' or '.join(font.stands_for) or 'texts in many scripts'})" for font in missing)
    packages = " ".join(sorted({font.package for font in missing}))
    return [warning(check_id, f"Missing fonts, so lines may break elsewhere: {names}.", f"apt-get install {packages}")]


async def canary(patient: Patient) -> Iterable[Finding]:
    """Whether a one-page document becomes a PDF (deep)."""
    check_id = "libreoffice.canary"
    if not converts(patient):
        return [not_applicable(check_id, "This app converts no documents.")]
    health = await asyncio.to_thread(
        _convert, preferred_root(patient), fork_server=patient.settings.libreoffice.fork_server
    )
    if not health.healthy:
        return [error(check_id, f"LibreOffice did not convert a page: {health.detail}", "Run `millhand doctor -v`.")]
    if health.detail:
        return [
            warning(
                check_id,
                f"A page was converted by {health.engine} only, as the faster way failed: {health.detail}",
                "Install the package libreofficekit-data and the whole of libreoffice-writer.",
            )
        ]
    return [ok(check_id, f"A page was converted by {health.engine} in {health.seconds:.1f} s.")]


async def confinement(patient: Patient) -> Iterable[Finding]:
    """Whether the kernel lets the processes of documents be cut off from the network and from other files."""
    check_id = "libreoffice.confinement"
    if not converts(patient) or sys.platform != "linux":
        return [not_applicable(check_id, "This app converts no documents, or this is not Linux.")]
    possible = await asyncio.to_thread(_probe)
    lacking = [words for name, words in _CUT_OFF.items() if not possible.get(name)]
    if lacking:
        return [
            warning(
                check_id,
                f"The system does not let a document's process be cut off from {' and from '.join(lacking)}; "
                "LibreOffice's own settings alone keep it from there.",
                "Run on Linux 5.13 or later with Landlock; in a container allow `unshare` and `landlock_*` (seccomp).",
            )
        ]
    return [ok(check_id, "A document's process has no network, and sees no files but its own and the system's.")]


def converts(patient: Patient) -> bool:
    """Whether the app converts documents; one that can't be loaded might."""
    return patient.app is None or KIND in patient.app.registry


def preferred_root(patient: Patient) -> Path | None:
    """The root folder of the LibreOffice that the settings name, if they name one."""
    folder = patient.settings.libreoffice.installation
    return Path(folder) if folder else None


def _convert(root: Path | None, *, fork_server: bool) -> EngineHealth:
    with tempfile.TemporaryDirectory(prefix="millhand-doctor-") as folder:
        engine = Soffice(SofficeSettings(installation=root, fork_server=fork_server), Path(folder))
        try:
            return engine.check()
        finally:
            engine.close()


def _probe() -> dict[str, bool]:
    probe = programs.command("millhand.engines.confine_probe")
    try:
        said = subprocess.run(probe, capture_output=True, check=True, timeout=_PROBE_SECONDS).stdout
        return json.loads(said)
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}


def _kit(found: Installation) -> Finding:
    if found.library is not None:
        return ok("libreoffice.kit", "LibreOfficeKit is there, so documents convert in a moment each.")
    return warning(
        "libreoffice.kit",
        "LibreOfficeKit is not there: every document starts LibreOffice anew, some ten times slower.",
        "Install the distribution's libreoffice-core, or a build with LibreOfficeKit, on Linux.",
    )


def _parts(found: Installation) -> list[Finding]:
    if not found.missing:
        return [ok("libreoffice.parts", "Writer, Calc, Impress and Math are whole.")]
    return [
        error("libreoffice.parts", f"Not installed: what {part.what} need.", f"apt-get install {part.package}")
        for part in found.missing
    ]
