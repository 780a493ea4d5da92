"""What the variables of the page exporter change."""

import json
from collections.abc import Iterator

import pypdfium2
import pytest

from millhand import App
from millhand.config import Settings
from millhand.core.outcome import Retry
from millhand.services.page_export.service import kinds
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.service import Told
from millhand.testing import InlineApp
from tests.integration.services.application import Application, serving
from tests.integration.services.exporting import exporting, job

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
def application() -> Iterator[Application]:
    with serving() as started:
        started.add("job-1")
        yield started


async def test_bleed_and_pdf_and_a_file_of_facts(application: Application) -> None:
    async with exporting(application, EXPORT_BLEED="0.125in", EXPORT_FORMAT="pdf", DEBUG_MODE="true") as exporter:
        ran = await exporter.run(widthInches=8, heightInches=10)
        assert ran.completed, ran.failure
        page = pypdfium2.PdfDocument(await exporter.read(ran.result["filePath"]))[0]
        assert page.get_mediabox() == pytest.approx((0, 0, 594, 738))
        facts = json.loads(await exporter.read(ran.result["filePath"].replace(".pdf", ".json")))
        assert facts["printSpec"]["bleedPt"] == 9
        assert facts["mapDefinition"]["locationsCount"] == 2
        assert facts["file"]["path"] == ran.result["filePath"]


async def test_an_api_that_nobody_runs(application: Application) -> None:
    async with exporting(application, API_URL="http://127.0.0.1:9", RENDER_BASE_URL=application.url) as exporter:
        ran = await exporter.run()
        assert isinstance(ran.outcome, Retry)
        assert ran.outcome.failure.code == "api_unreachable"
        assert ran.outcome.failure.message == "http://127.0.0.1:9 does not answer: Connection refused"


async def test_a_page_that_is_never_ready_is_tried_again(application: Application) -> None:
    application.page = "<p>never"
    app = App(settings=Settings.model_validate({"chromium": {"seconds": 3}}))
    told = PageExportSettings.read({"API_URL": application.url, "EXPORT_DIR": "memory://exports"})
    app.include(kinds(Told(lambda: app.settings, lambda: told)))
    async with InlineApp(app) as inline:
        ran = await inline.run(job(application.newest))
    assert isinstance(ran.outcome, Retry)
    assert ran.outcome.failure.code == "render_failed"


async def test_the_key_goes_to_the_api_alone(application: Application) -> None:
    async with exporting(application, API_KEY="s3cret") as exporter:
        assert (await exporter.run()).completed
    assert {call.headers["authorization"] for call in application.calls} == {"Bearer s3cret"}
