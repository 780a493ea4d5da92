"""Doing errands by the queue of a running worker: files are copied to where it may read, its own are fetched."""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from millhand.blobs.urls import url_of
from millhand.cli.errand import Done, Errand, Show, Verb
from millhand.cli.results import settled
from millhand.cli.session import Connected
from millhand.core.errors import MillhandError, WaitTimeout
from millhand.core.failure import failure, failure_of
from millhand.core.job import Args, Job
from millhand.core.maker import SendOptions
from millhand.core.state import State

_LOOK_EVERY = 0.15


class QueueWay:
    """Sends a job for each errand, and fetches the files."""

    def __init__(self, connected: Connected, verb: Verb, seconds: float | None) -> None:
        self._connected = connected
        self._verb = verb
        self._seconds = seconds
        self.words = verb.served

    async def do(self, errands: Sequence[Errand], show: Show) -> list[Done]:
        """Send them all at once: how many run at a time is the worker's to decide."""
        return await asyncio.gather(*(self._one(errand, show) for errand in errands))

    async def _one(self, errand: Errand, show: Show) -> Done:
        app = self._connected.app
        folder = (app.settings.data_dir / self._verb.name / app.clock.new_id()).absolute()
        made = folder / "made" / errand.output.name
        try:
            job = await self._sent(errand, folder, url_of(made))
            result = await self._followed(errand, job, show)
            if result.state is State.COMPLETED:
                await self._fetched(made, errand.output)
            return self._told(errand, result, show)
        except WaitTimeout:
            raise
        except MillhandError as error:
            show(errand, State.DISCARDED, 1.0, error.message)
            return Done(errand, failure_of(error))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _sent(self, errand: Errand, folder: Path, target: str) -> Job[Args]:
        from millhand.cli.sending import send

        app, kind = self._connected.app, self._verb.kind
        urls = {name: url_of(folder / file.name) for name, file in errand.files.items()}
        for name, file in errand.files.items():
            await app.blobs.put(file, urls[name])
        args = app.registry.get(kind).args.model_validate({**errand.arguments, **urls, "target": target})
        [(_, sent)] = await send(self._connected, kind, [args], SendOptions())
        return await app.job(sent.id)

    async def _followed(self, errand: Errand, job: Job[Args], show: Show) -> Job[Any]:
        """Wait for the job, showing how far it is; whoever stops waiting cancels it."""
        watching = asyncio.create_task(self._watch(errand, job.id, show))
        try:
            return await settled(self._connected, job, self._seconds)
        except (asyncio.CancelledError, WaitTimeout):
            await asyncio.shield(self._connected.control.cancel(job.id))
            raise
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching

    async def _watch(self, errand: Errand, job_id: str, show: Show) -> None:
        while True:
            record = (await self._connected.inspector.records([job_id])).get(job_id)
            if record is not None and record.state is State.RUNNING:
                show(errand, State.RUNNING, record.progress or 0.0, record.progress_text)
            await asyncio.sleep(_LOOK_EVERY)

    async def _fetched(self, made: Path, output: Path) -> None:
        """Put the file in its place at once, never in part."""
        await asyncio.to_thread(output.parent.mkdir, parents=True, exist_ok=True)
        draft = output.with_name(f".{output.name}.part")
        try:
            await self._connected.app.blobs.fetch(url_of(made), draft)
            await asyncio.to_thread(draft.replace, output)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)

    def _told(self, errand: Errand, job: Job[Any], show: Show) -> Done:
        if job.state is State.COMPLETED:
            result = cast("dict[str, Any]", job.result or {})
            show(errand, State.COMPLETED, 1.0, self._verb.brief(result))
            return Done(errand, None, result)
        why = job.failure or failure(job.state, f"the job was {job.state}")
        show(errand, job.state, 1.0, why.message)
        return Done(errand, why)
