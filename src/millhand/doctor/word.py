"""Checks of Microsoft Word: there, drivable, with the folders it needs under SYSTEM; and, deep, a converted page."""

import asyncio
import tempfile
from collections.abc import Iterable
from pathlib import Path

from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.office import converts
from millhand.doctor.patient import Patient
from millhand.engines.word import install
from millhand.engines.word.engine import Word
from millhand.engines.word.native import connect, on_this_system
from millhand.engines.word.values import WordHealth, WordSettings

_NONE = "This app converts no documents, or this is not Windows."


async def installation(patient: Patient) -> Iterable[Finding]:
    """Whether Word is there, and pywin32 to drive it."""
    check_id = "word.found"
    if not _concerns(patient):
        if patient.settings.documents.engine == "word" and converts(patient):
            words = (
                "Word is to convert documents (documents.engine), which it can't do here: LibreOffice does, degraded."
            )
            return [warning(check_id, words, "Set documents.engine to auto, or run this worker on Windows.")]
        return [not_applicable(check_id, _NONE)]
    try:
        connect()
    except MillhandError as missing:
        return [warning(check_id, f"Word can't be driven: {missing.message}", missing.hint)]
    version = await asyncio.to_thread(install.registered_version)
    if version is None:
        words = "Word is not installed, so LibreOffice converts documents, and they count as degraded."
        return [warning(check_id, words, "Install Word, or set documents.engine to libreoffice.")]
    return [ok(check_id, f"Word {version} is there.")]


async def profile(patient: Patient) -> Iterable[Finding]:
    """Whether the profile of SYSTEM has the folders without which Word opens nothing there."""
    check_id = "word.profile"
    if not _concerns(patient):
        return [not_applicable(check_id, _NONE)]
    missing = await asyncio.to_thread(install.missing_folders, install.windows_folder())
    if not missing:
        return [ok(check_id, "SYSTEM's profile has the folder Desktop, so that Word works without anybody logged in.")]
    names = " and ".join(map(str, missing))
    fix = f"In an elevated PowerShell: New-Item -ItemType Directory -Force {', '.join(map(str, missing))}"
    if install.runs_as_system():
        return [error(check_id, f"Word will open no document under SYSTEM: {names} is missing.", fix)]
    return [warning(check_id, f"Under SYSTEM, as a task or service, Word would open nothing: no {names}.", fix)]


async def canary(patient: Patient) -> Iterable[Finding]:
    """Whether Word makes a PDF of a one-page document (deep)."""
    check_id = "word.canary"
    if not _concerns(patient) or install.registered_version() is None:
        return [not_applicable(check_id, "There is no Word to try.")]
    health = await asyncio.to_thread(_convert)
    if not health.healthy:
        return [error(check_id, f"Word did not convert a page: {health.detail}", "Open Word as this user, and see.")]
    return [ok(check_id, f"A page was converted by Word {health.version} in {health.seconds:.1f} s.")]


def _concerns(patient: Patient) -> bool:
    return converts(patient) and on_this_system() is not None


def _convert() -> WordHealth:
    with tempfile.TemporaryDirectory(prefix="millhand-doctor-") as folder:
        engine = Word(WordSettings(), Path(folder), connect)
        try:
            return engine.check()
        finally:
            engine.close()
