"""Doing errands, and showing how they stand: by a running worker of the same database, or in this process."""

import asyncio
import json
from collections.abc import Sequence

from millhand.blobs.urls import url_of
from millhand.cli import payload
from millhand.cli.board import Board, Line, board
from millhand.cli.errand import Done, Errand, Verb, Way
from millhand.cli.errand_here import HereWay
from millhand.cli.errand_queue import QueueWay
from millhand.cli.output import Output
from millhand.cli.session import Connected, Session
from millhand.config import Flag
from millhand.core.errors import MillhandError
from millhand.core.state import State
from millhand.database.urls import sqlite_path
from millhand.ledger.views import WorkerView

_TELLS_WITHIN = 6.0
"""Seconds; a worker tells of itself every five."""
_LOOK_EVERY = 0.2


async def do_errands(
    session: Session, verb: Verb, errands: Sequence[Errand], seconds: float | None, *, here: bool
) -> list[Done]:
    """Do all of them by a running worker; in this process if there is none, or with `here`.

    Raises `InvalidArgs` before any is begun.
    """
    _check(session, verb, errands)
    if here or not _database_is_there(session):
        return await do_here(session, verb, errands)
    async with session.connected() as connected:
        if await _worker_is_there(connected, verb.kind):
            return await do_by(session, QueueWay(connected, verb, seconds), errands)
        return await do_here(session, verb, errands)


async def do_here(session: Session, verb: Verb, errands: Sequence[Errand], flags: Sequence[Flag] = ()) -> list[Done]:
    """Do all of them in this process, by settings that `flags` may change."""
    return await do_by(session, HereWay(session, verb, flags), errands)


def report_failure(output: Output, done: Done) -> None:
    """Tell why an errand failed, and what to do."""
    if done.failure is None:
        return
    output.complain(f"{output.coloured('error:', 'red')} {done.errand.title}: {done.failure.message}")
    if done.failure.hint:
        output.complain(f"{output.coloured('hint:', 'cyan')} {done.failure.hint}")


def _check(session: Session, verb: Verb, errands: Sequence[Errand]) -> None:
    model = session.app().registry.get(verb.kind).args
    for errand in errands:
        urls = {name: url_of(path) for name, path in (*errand.files.items(), ("target", errand.output))}
        payload.one(verb.kind, model, json.dumps({**errand.arguments, **urls}))


async def do_by(session: Session, way: Way, errands: Sequence[Errand]) -> list[Done]:
    """Do all of them in this way."""
    session.output.say(way.words)
    with board(session.output, len(errands)) as shown:
        lines = _Lines(shown, errands)
        return await way.do(errands, lines.set)


def _database_is_there(session: Session) -> bool:
    try:
        path = sqlite_path(session.settings().database)
    except MillhandError:
        return False
    return path is None or path.exists()


async def _worker_is_there(connected: Connected, kind: str) -> bool:
    """Whether a worker runs that does this kind; one that has just begun is given time to say what it does."""
    clock = connected.app.clock
    deadline = clock.monotonic() + _TELLS_WITHIN
    while True:
        serving = await _serving(connected, kind)
        if any(kind in worker.kinds for worker in serving):
            return True
        if all(worker.kinds for worker in serving) or clock.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_EVERY)


async def _serving(connected: Connected, kind: str) -> list[WorkerView]:
    """The workers that take jobs from the queue of the kind."""
    queue = connected.app.registry.get(kind).args.queue
    return [
        worker
        for worker in await connected.inspector.workers()
        if worker.serves(queue) and worker.state == "running" and not worker.silent
    ]


class _Lines:
    """The lines of the board, changed one by one."""

    def __init__(self, shown: Board, errands: Sequence[Errand]) -> None:
        self._shown = shown
        self._lines = {errand: Line(errand.title, State.AVAILABLE, 0.0, "") for errand in errands}

    def set(self, errand: Errand, state: State, fraction: float, text: str) -> None:
        """Show an errand so from now on."""
        self._lines[errand] = Line(errand.title, state, fraction, text)
        self._shown.update(list(self._lines.values()))
