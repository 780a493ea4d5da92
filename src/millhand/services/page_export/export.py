"""The handler of `export-map`: tell the API, render, save, tell the API; each step harmless to repeat."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from millhand.core.artefact import Artefact
from millhand.core.context import Context
from millhand.core.errors import BlobMissing, JobCancelled
from millhand.engines.chromium.values import Exported
from millhand.handlers.pages.args import MEDIA_TYPES, ExportPage
from millhand.handlers.pages.settings import PageSettings
from millhand.notify.http import persistently
from millhand.services.page_export import naming, sidecar
from millhand.services.page_export.job import ExportMap
from millhand.services.page_export.print_size import PrintSize, size_of_job
from millhand.services.page_export.rendering import Format, page_of, rendered
from millhand.services.page_export.result import ExportedMap
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.page_export.status_api import AlreadyComplete, ApiRefused, RecordGone, StatusApi

if TYPE_CHECKING:
    from millhand.core.resource import Resource
    from millhand.engines.chromium.engine import Chromium

_START_WAITS = (0.5, 2.0)
_COMPLETE_WAITS = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each further call within one attempt: a finished export is worth more patience than one not begun."""

_LOOK_EVERY = 0.1


class Export:
    """One attempt of one export."""

    def __init__(
        self,
        ctx: Context,
        job: ExportMap,
        *,
        own: PageExportSettings,
        pages: PageSettings,
        browser: "Resource[Chromium]",
        api: StatusApi,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ctx = ctx
        self._job = job
        self._own = own
        self._pages = pages
        self._browser = browser
        self._api = api
        self._sleep = sleep
        self._made: Format = job.printable_map_data.format or own.export_format
        self._stem = naming.stem_of(job.print_job_id, ctx.job.enqueued_at)
        self._place = naming.place_of(own.exports, f"{self._stem}.{self._made}")

    def run(self) -> ExportedMap:
        """Run it; what it raises says whether another attempt may help."""
        self._ctx.progress(0.0, "telling the API server")
        try:
            persistently(lambda: self._api.start(self._job.print_job_id), _START_WAITS, self._pause)
        except AlreadyComplete:
            self._ctx.log.info("the API server has this export as complete; nothing is left to do")
            return ExportedMap(file_path=self._place.path, format=self._made, already=True)
        size = size_of_job(self._job.printable_map_data)
        exported = self._left_by_another() or self._exported(size)
        self._tell()
        self._ctx.progress(1.0, exported.file_path)
        return exported

    def _left_by_another(self) -> ExportedMap | None:
        """The file, if an earlier attempt saved it and could not tell so: files appear whole or not at all."""
        try:
            info = self._ctx.wait(self._ctx.stat(self._place.url))
        except BlobMissing:
            return None
        self._ctx.log.info("an earlier attempt has saved the file", path=self._place.path)
        return ExportedMap(file_path=self._place.path, format=self._made, size_bytes=info.size, reused=True)

    def _exported(self, size: PrintSize) -> ExportedMap:
        page = page_of(self._job, size, self._made, self._own)
        path = self._ctx.scratch / f"page.{self._made}"
        facts = rendered(self._ctx, self._ctx.use(self._browser), page, path, self._pages)
        for notice in facts.notices:
            self._ctx.log.warning(notice)
        if self._ctx.cancelled:
            raise JobCancelled("cancelled before the file was saved")
        self._ctx.progress(0.9, "saving the file")
        saved = self._saved(path, page, facts)
        exported = ExportedMap(
            file_path=self._place.path,
            format=self._made,
            size_bytes=saved.size,
            sha256=saved.sha256,
            width=facts.width,
            height=facts.height,
            dpi=page.resolution if facts.width else None,
        )
        self._save_sidecar(size, exported)
        return exported

    def _saved(self, path: Path, page: ExportPage, facts: Exported) -> Artefact:
        known = {"width": facts.width, "height": facts.height, "dpi": page.dpi} if facts.width else {}
        saving = self._ctx.save(
            path,
            self._place.url,
            name=f"{self._stem}.{self._made}",
            media_type=MEDIA_TYPES[self._made],
            engine="chromium",
            **known,
        )
        return self._ctx.wait(saving)

    def _save_sidecar(self, size: PrintSize, exported: ExportedMap) -> None:
        if not self._own.debug_mode:
            return
        content = json.dumps(sidecar.facts_of(self._job, size, exported, self._own), indent=2, ensure_ascii=False)
        place = naming.place_of(self._own.exports, f"{self._stem}.json")
        self._ctx.wait(self._ctx.save(content.encode(), place.url, media_type="application/json"))

    def _tell(self) -> None:
        """Tell that the file is there; it is removed where nobody wants it."""
        self._ctx.progress(0.95, "telling the API server")
        job_id, place = self._job.print_job_id, self._place
        try:
            persistently(lambda: self._api.complete(job_id, place.path), _COMPLETE_WAITS, self._pause)
        except AlreadyComplete:
            return  # an earlier call got through, and its answer did not
        except (RecordGone, ApiRefused, JobCancelled):
            self._ctx.wait(self._ctx.delete(place.url))
            raise

    def _pause(self, seconds: float) -> None:
        """Wait between two calls, unless the job is to stop."""
        for _ in range(max(1, round(seconds / _LOOK_EVERY))):
            if self._ctx.cancelled:
                raise JobCancelled("cancelled while the API server did not answer")
            self._sleep(_LOOK_EVERY)
