"""What doctor says of Chromium: how it stands, and what to do about it."""

import os

import psutil
import pytest

from millhand import App
from millhand.config import Settings
from millhand.core.finding import Finding, Level
from millhand.doctor import chromium
from millhand.doctor.examination import Check
from millhand.doctor.patient import Patient
from millhand.engines.chromium.engine import Chromium


def _patient(app: App | None = None, **told: object) -> Patient:
    settings = Settings.model_validate({"chromium": told})
    return Patient(settings=settings, app=app, app_error=None, backend=None, database_error=None)


async def _levels(check: Check, patient: Patient) -> dict[str, Level]:
    return {finding.id: finding.level for finding in await check(patient)}


async def _one(check: Check, patient: Patient) -> Finding:
    return {finding.id: finding for finding in await check(patient)}[f"chromium.{_NAMES[check]}"]


_NAMES: dict[Check, str] = {
    chromium.installation: "found",
    chromium.sandbox: "sandbox",
    chromium.shared_memory: "shared_memory",
    chromium.fonts: "fonts",
    chromium.canary: "canary",
}


@pytest.mark.needs("chromium")
async def test_it_names_the_program_and_its_version() -> None:
    found = await _one(chromium.installation, _patient())
    assert found.level in {Level.OK, Level.WARNING}
    assert "Chromium " in found.finding
    assert any(part.count(".") == 3 for part in found.finding.split())


async def test_a_program_that_is_not_there_is_an_error_with_its_fix() -> None:
    found = await _one(chromium.installation, _patient(executable="/nowhere/chromium"))
    assert found.level is Level.ERROR
    assert "/nowhere/chromium" in found.finding
    assert "apt-get install" in found.fix


async def test_a_program_that_is_no_chromium_is_an_error() -> None:
    found = await _one(chromium.installation, _patient(executable="/bin/true"))
    assert found.level is Level.ERROR
    assert "no Chromium" in found.finding


async def test_a_driver_that_does_not_run_is_told_with_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    (found,) = await chromium.installation(_patient())
    assert (found.id, found.level) == ("chromium.driver", Level.WARNING)
    assert "Node.js does not run: it ends with 1" in found.finding
    assert "libatomic1" in found.fix
    found = await _one(chromium.canary, _patient())
    assert found.level is Level.ERROR
    assert "libatomic1" in found.fix


async def test_a_sandbox_that_is_switched_off_is_told() -> None:
    found = await _one(chromium.sandbox, _patient(sandbox="off"))
    assert found.level is Level.WARNING
    assert found.fix


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can't be confined")
async def test_root_is_told_why_there_is_no_sandbox() -> None:
    chosen, forced = _patient(sandbox="auto"), _patient(sandbox="on")
    assert (await _one(chromium.sandbox, chosen)).level is Level.WARNING
    assert (await _one(chromium.sandbox, forced)).level is Level.ERROR
    assert "user of its own" in (await _one(chromium.sandbox, forced)).fix


@pytest.mark.skipif(os.name == "nt", reason="there is no shared memory to look at")
async def test_room_and_fonts_are_looked_at() -> None:
    assert (await _one(chromium.shared_memory, _patient())).level in {Level.OK, Level.WARNING}
    assert (await _one(chromium.fonts, _patient())).level in {Level.OK, Level.WARNING}


@pytest.mark.needs("chromium")
async def test_pictures_are_shared_as_it_says(engine: Chromium) -> None:
    engine.warm_up()
    assert engine.browser_pid is not None
    by_files = "--disable-dev-shm-usage" in psutil.Process(engine.browser_pid).cmdline()
    assert by_files == ((await _one(chromium.shared_memory, _patient())).level is not Level.OK)


@pytest.mark.needs("chromium")
async def test_a_canary_is_exported() -> None:
    assert await _levels(chromium.canary, _patient()) == {"chromium.canary": Level.OK}


@pytest.mark.parametrize("check", list(_NAMES), ids=list(_NAMES.values()))
async def test_an_app_that_exports_no_pages_needs_none_of_it(check: Check) -> None:
    assert set((await _levels(check, _patient(App()))).values()) == {Level.NOT_APPLICABLE}
