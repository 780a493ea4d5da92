"""What the doctor says of Word where there can be none."""

import pytest

from millhand.config import Settings
from millhand.config.settings import DocumentsSettings
from millhand.core.finding import Level
from millhand.doctor import word
from millhand.doctor.patient import Patient
from millhand.engines.word.native import on_this_system

pytestmark = pytest.mark.skipif(on_this_system() is not None, reason="this system may have Word")


def patient(engine: str) -> Patient:
    settings = Settings(documents=DocumentsSettings.model_validate({"engine": engine}))
    return Patient(settings=settings, app=None, app_error=None, backend=None, database_error=None)


@pytest.mark.parametrize("engine", ["auto", "libreoffice"])
async def test_a_system_without_word_needs_none(engine: str) -> None:
    checks = (word.installation, word.profile, word.canary)
    found = [finding for check in checks for finding in await check(patient(engine))]
    assert [finding.level for finding in found] == [Level.NOT_APPLICABLE] * 3


async def test_settings_that_ask_for_it_are_told_what_they_get() -> None:
    [finding] = await word.installation(patient("word"))
    assert finding.level is Level.WARNING
    assert "degraded" in finding.finding
