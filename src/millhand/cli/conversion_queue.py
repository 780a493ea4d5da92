"""Converting files by the queue of a running worker: copied to where it may read, and the PDFs copied back."""

import asyncio
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from millhand.blobs.urls import url_of
from millhand.cli.conversion import KIND, Made, Order, Show, made, pages_of
from millhand.cli.results import settled
from millhand.cli.session import Connected
from millhand.core.errors import MillhandError, WaitTimeout
from millhand.core.failure import failure, failure_of
from millhand.core.job import Args, Job
from millhand.core.maker import SendOptions
from millhand.core.state import State

_LOOK_EVERY = 0.15


class QueueWay:
    """Sends a job for each document, and fetches the PDFs."""

    words = "A running worker converts the documents."

    def __init__(self, connected: Connected, options: Mapping[str, object], seconds: float | None) -> None:
        self._connected = connected
        self._options = options
        self._seconds = seconds

    async def convert(self, orders: Sequence[Order], show: Show) -> list[Made]:
        """Convert them all at once: how many run at a time is the worker's to decide."""
        return await asyncio.gather(*(self._one(order, show) for order in orders))

    async def _one(self, order: Order, show: Show) -> Made:
        app = self._connected.app
        folder = (app.settings.data_dir / "convert" / app.clock.new_id()).absolute()
        try:
            job = await self._sent(order, folder)
            result = await self._followed(order, job, show)
            if result.state is State.COMPLETED:
                await self._fetched(folder / "document.pdf", order.output)
            return _told(order, result, show)
        except WaitTimeout:
            raise
        except MillhandError as error:
            show(order, State.DISCARDED, 1.0, error.message)
            return Made(order.source, order.output, failure_of(error))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _sent(self, order: Order, folder: Path) -> Job[Args]:
        from millhand.cli.sending import send

        app = self._connected.app
        source = url_of(folder / order.source.name)
        await app.blobs.put(order.source, source)
        wanted = {"source": source, "target": url_of(folder / "document.pdf"), "options": self._options}
        args = app.registry.get(KIND).args.model_validate(wanted)
        [(_, sent)] = await send(self._connected, KIND, [args], SendOptions())
        return await app.job(sent.id)

    async def _followed(self, order: Order, job: Job[Args], show: Show) -> Job[Any]:
        """Wait for the job, showing how far it is; whoever stops waiting cancels it."""
        watching = asyncio.create_task(self._watch(order, job.id, show))
        try:
            return await settled(self._connected, job, self._seconds)
        except (asyncio.CancelledError, WaitTimeout):
            await asyncio.shield(self._connected.control.cancel(job.id))
            raise
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _watch(self, order: Order, job_id: str, show: Show) -> None:
        while True:
            record = (await self._connected.inspector.records([job_id])).get(job_id)
            if record is not None and record.state is State.RUNNING:
                show(order, State.RUNNING, record.progress or 0.0, record.progress_text)
            await asyncio.sleep(_LOOK_EVERY)

    async def _fetched(self, pdf: Path, output: Path) -> None:
        """Put the PDF in its place at once, never in part."""
        await asyncio.to_thread(output.parent.mkdir, parents=True, exist_ok=True)
        draft = output.with_name(f".{output.name}.part")
        try:
            await self._connected.app.blobs.fetch(url_of(pdf), draft)
            await asyncio.to_thread(draft.replace, output)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)


def _told(order: Order, job: Job[Any], show: Show) -> Made:
    if job.state is State.COMPLETED:
        done = made(order, job.result)
        show(order, State.COMPLETED, 1.0, pages_of(done))
        return done
    why = job.failure or failure(job.state, f"the job was {job.state}")
    show(order, job.state, 1.0, why.message)
    return Made(order.source, order.output, why)
