"""What the doctor looks at for a page exporter: the API and the render server answer, and exports can be written."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable, Sequence

from millhand.app.content import blob_store
from millhand.brokers import open_broker
from millhand.config import Settings
from millhand.core.clock import SystemClock
from millhand.core.errors import MillhandError
from millhand.core.finding import Finding, Level
from millhand.database import Database
from millhand.notify.http import Unanswered
from millhand.services.page_export.job import KIND
from millhand.services.page_export.naming import place_of
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.service import Told

Check = Callable[[Told[PageExportSettings]], Awaitable[Iterable[Finding]]]

_SERVER_ERRORS = range(500, 600)


async def api(told: Told[PageExportSettings]) -> Iterable[Finding]:
    """Whether the API server answers; what it answers to its bare address says nothing."""
    return [await _answers("page_export.api", told, told.own.api_url, "The API server", "API_URL")]


async def render_server(told: Told[PageExportSettings]) -> Iterable[Finding]:
    """Whether the render server answers."""
    return [await _answers("page_export.render", told, told.own.render_url, "The render server", "RENDER_BASE_URL")]


async def exports(told: Told[PageExportSettings]) -> Iterable[Finding]:
    """Whether a file can be written, read and removed where exports go."""
    check_id, where = "page_export.exports", told.own.exports
    place = place_of(where, f".millhand-check-{secrets.token_hex(4)}.txt")
    try:
        blobs = blob_store(told.general)
        await blobs.put(b"check", place.url)
        await blobs.stat(place.url)
        await blobs.delete(place.url)
    except MillhandError as error:
        return [Finding(check_id, Level.ERROR, f"Exports can't be written to {where}: {error.message}.", error.hint)]
    return [Finding(check_id, Level.OK, f"Exports can be written to {where}.")]


async def bleed(told: Told[PageExportSettings]) -> Iterable[Finding]:
    """Whether files are as large as the original worker makes them."""
    check_id, added = "page_export.bleed", told.own.export_bleed
    if added == "0":
        return [Finding(check_id, Level.OK, "Exports have no bleed; the original worker adds 0.125in.")]
    return [Finding(check_id, Level.OK, f"Exports have {added} of bleed on each side.")]


async def queue(told: Told[PageExportSettings]) -> Iterable[Finding]:
    """Where jobs come from, and whether the producer has made its queue there."""
    check_id, settings = "page_export.queue", told.general
    if not settings.broker:
        fix = "Set DATABASE_URL to the producer's database, unless jobs are sent with millhand."
        return [Finding(check_id, Level.WARNING, "Jobs come from millhand's own queue: there is no DATABASE_URL.", fix)]
    try:
        found = await _queues(settings)
    except MillhandError as error:
        return [Finding(check_id, Level.ERROR, f"The producer's queue can't be reached: {error.message}.", error.hint)]
    if KIND not in found:
        fix = f"The producer makes it: await boss.createQueue('{KIND}'). The worker takes it up within a minute."
        return [Finding(check_id, Level.WARNING, f"The producer's pg-boss has no queue '{KIND}'.", fix)]
    return [Finding(check_id, Level.OK, f"The producer's pg-boss has the queue '{KIND}'.")]


async def _queues(settings: Settings) -> set[str]:
    """The queues that the producer has made, of those that are served."""
    database = Database.at(settings.database, clock=SystemClock(), durability=settings.durability)
    broker = open_broker(settings.broker, database=database, worker="doctor", queues=settings.worker.queues)
    await broker.open()
    try:
        return {each.queue for each in await broker.stats()}
    finally:
        await broker.close()


async def _answers(check_id: str, told: Told[PageExportSettings], url: str, what: str, variable: str) -> Finding:
    try:
        answer = await asyncio.to_thread(told.own.caller.get, url)
    except Unanswered as error:
        return Finding(check_id, Level.ERROR, f"{what} can't be reached: {error.message}.", f"Check {variable}.")
    if answer.status in _SERVER_ERRORS:
        return Finding(check_id, Level.WARNING, f"{what} at {url} answers with status {answer.status}.", "Look at it.")
    return Finding(check_id, Level.OK, f"{what} answers at {url}.")


CHECKS: Sequence[Check] = (queue, api, render_server, exports, bleed)
