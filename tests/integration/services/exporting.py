"""Single attempts of the page exporter, in the test's own process, with files in memory."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from millhand import App
from millhand.config import Settings
from millhand.services.page_export.job import ExportMap
from millhand.services.page_export.service import kinds
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.service import Told
from millhand.testing import InlineApp
from millhand.testing.clock import FakeClock
from millhand.testing.inline import Ran
from tests.integration.services.application import Application


class Exporter:
    """Runs attempts on an application."""

    def __init__(self, inline: InlineApp, application: Application) -> None:
        self.inline = inline
        self.application = application

    async def run(self, job_id: str = "", *, title: str = "Docker Worker Test", **printed: Any) -> Ran:  # noqa: ANN401 - JSON
        """One attempt at a small page."""
        return await self.inline.run(job(job_id or self.application.newest, title=title, **printed))

    async def read(self, url: str) -> bytes:
        return b"".join([piece async for piece in self.inline.blobs.stream(url)])


def job(job_id: str, *, title: str = "A map", subtitle: str | None = None, **printed: Any) -> ExportMap:  # noqa: ANN401 - JSON
    """A job as a producer sends it."""
    data = {
        "printJobId": job_id,
        "printableMapId": "map-1",
        "userMapData": {"title": title, "subtitle": subtitle, "people": [{"id": "ann", "locations": [{}, {}]}]},
        "printableMapData": printed or {"widthInches": 8, "heightInches": 10, "paperSizeName": "8\u00d710", "dpi": 36},
    }
    return ExportMap.model_validate_json(json.dumps(data))


@asynccontextmanager
async def exporting(application: Application, **variables: str) -> AsyncIterator[Exporter]:
    """An exporter with these variables."""
    told = {"API_URL": application.url, "EXPORT_DIR": "memory://exports", "API_TIMEOUT": "2", **variables}
    app = App(settings=Settings())
    app.include(kinds(Told(lambda: app.settings, lambda: PageExportSettings.read(told))))
    async with InlineApp(app, clock=FakeClock()) as inline:
        yield Exporter(inline, application)
