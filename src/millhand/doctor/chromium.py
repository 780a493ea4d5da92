"""Checks of Chromium: found, driven, confined, with room and fonts for pages; and, deep, a page that is exported."""

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path

from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.core.limits import MIB
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.patient import Patient
from millhand.engines.chromium import install
from millhand.engines.chromium.values import ChromiumSettings
from millhand.engines.soffice.fonts import installed_families

KIND = "page.export"
_NONE = "This app exports no pages."


async def installation(patient: Patient) -> Iterable[Finding]:
    """Whether a Chromium is there, which one, and the driver by which it is worked."""
    if not exports(patient):
        return [not_applicable("chromium.found", _NONE)]
    try:
        await asyncio.to_thread(install.require_driver)
    except MillhandError as missing:
        # An extra: whoever exports no pages does well without it.
        return [warning("chromium.driver", f"Pages can't be exported here: {missing.message}", missing.hint)]
    return [ok("chromium.driver", "Playwright is there to drive Chromium, and runs."), await _found(patient)]


async def sandbox(patient: Patient) -> Iterable[Finding]:
    """Whether pages are confined by Chromium's own sandbox, and why not."""
    check_id, chosen = "chromium.sandbox", patient.settings.chromium.sandbox
    if not exports(patient):
        return [not_applicable(check_id, _NONE)]
    obstacle = install.sandbox_obstacle()
    if chosen == "off":
        words = "Chromium's own sandbox is switched off (chromium.sandbox), so a page that breaks out is this user."
        fix = "Set chromium.sandbox to auto." if not obstacle else f"Mend this first: {obstacle}."
        return [warning(check_id, words, fix)]
    if not obstacle:
        return [ok(check_id, "Chromium's own sandbox confines pages.")]
    if chosen == "on" or install.may_be_sandboxed():
        fix = "Install the package chromium-sandbox, or set chromium.sandbox to off in a container of its own."
        if not install.may_be_sandboxed():
            fix = "Run the worker as a user of its own."
        return [error(check_id, f"Chromium won't start: its own sandbox can't work, as {obstacle}.", fix)]
    return [
        warning(
            check_id,
            "Chromium's own sandbox is off, as root can't be confined by it: a page that breaks out is root.",
            "Run the worker as a user of its own.",
        )
    ]


async def shared_memory(patient: Patient) -> Iterable[Finding]:
    """Whether there is room where Chromium's processes share pictures; containers often have little."""
    check_id, size = "chromium.shared_memory", install.shared_memory()
    if not exports(patient) or size is None:
        return [not_applicable(check_id, f"There is no {install.SHARED_MEMORY}." if size is None else _NONE)]
    if size < install.ENOUGH_SHARED_MEMORY:
        words = f"{install.SHARED_MEMORY} has only {size // MIB:,} MiB: temporary files are used instead, more slowly."
        return [warning(check_id, words, "Give the container more: --shm-size=1g, or shm_size: 1g.")]
    return [ok(check_id, f"{install.SHARED_MEMORY} has {size // MIB:,} MiB.")]


async def fonts(patient: Patient) -> Iterable[Finding]:
    """Whether there are fonts at all: without any, pages are exported with boxes in place of text."""
    check_id = "chromium.fonts"
    if not exports(patient):
        return [not_applicable(check_id, _NONE)]
    families = await asyncio.to_thread(installed_families)
    if not families:
        fix = "apt-get install fontconfig fonts-liberation fonts-noto-core fonts-noto-color-emoji"
        return [warning(check_id, "There are no fonts, or `fc-list` is missing: pages may have boxes for text.", fix)]
    if not any("emoji" in family.lower() for family in families):
        fix = "apt-get install fonts-noto-color-emoji"
        return [warning(check_id, f"Pages find {len(families):,} font families, but none has emoji.", fix)]
    return [ok(check_id, f"Pages find {len(families):,} font families, emoji among them.")]


async def canary(patient: Patient) -> Iterable[Finding]:
    """Whether a page is exported (deep)."""
    check_id = "chromium.canary"
    if not exports(patient):
        return [not_applicable(check_id, _NONE)]
    began = time.perf_counter()
    try:
        install.require_playwright()
        await asyncio.to_thread(_export, _settings(patient))
    except MillhandError as failed:
        return [error(check_id, f"A page was not exported: {failed.message}", failed.hint or "Run it again with -v.")]
    return [ok(check_id, f"A page was exported in {time.perf_counter() - began:.1f} s.")]


def exports(patient: Patient) -> bool:
    """Whether the app exports pages; one that can't be loaded might."""
    return patient.app is None or KIND in patient.app.registry


async def _found(patient: Patient) -> Finding:
    try:
        found = await asyncio.to_thread(install.program, _settings(patient).executable)
    except MillhandError as missing:
        return error("chromium.found", missing.message, missing.hint)
    if found.shell:
        return ok("chromium.found", f"Chromium {found.version}, the headless shell, is {found.path}.")
    return warning(
        "chromium.found",
        f"Chromium {found.version} is {found.path}, the whole browser, which starts three times as slowly.",
        "apt-get install chromium-headless-shell",
    )


def _settings(patient: Patient) -> ChromiumSettings:
    told = patient.settings.chromium
    return ChromiumSettings(executable=Path(told.executable) if told.executable else None, sandbox=told.sandbox)


def _export(settings: ChromiumSettings) -> None:
    from millhand.engines.chromium.engine import Chromium  # noqa: PLC0415 - Playwright, an extra, may be missing

    engine = Chromium(settings)
    try:
        engine.warm_up()
    finally:
        engine.close()
