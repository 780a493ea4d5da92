"""Converting files for `millhand convert`: by a running worker of the same database, or in this process."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from millhand.cli.board import Board, Line, board
from millhand.cli.conversion import KIND, Made, Order, Way
from millhand.cli.conversion_here import HereWay
from millhand.cli.conversion_queue import QueueWay
from millhand.cli.output import Output
from millhand.cli.session import Connected, Session
from millhand.core.errors import MillhandError, UsageError
from millhand.core.state import State
from millhand.database.urls import sqlite_path
from millhand.ledger.views import WorkerView

_SUFFIX = ".pdf"
_TELLS_WITHIN = 6.0
"""Seconds; a worker tells of itself every five."""
_LOOK_EVERY = 0.2


def orders(files: Sequence[Path], out: Path | None) -> list[Order]:
    """Where each file's PDF goes; raises `UsageError` if two would be the same, or one would be its own source."""
    folder = out is not None and (out.is_dir() or len(files) > 1 or str(out).endswith(("/", "\\")))
    found = [Order(file.absolute(), _output(file, out, folder=folder).absolute()) for file in files]
    twice = [path for path, count in Counter(order.output for order in found).items() if count > 1]
    if twice:
        raise UsageError(f"several documents would become {twice[0]}", hint="Convert them one by one with -o.")
    if any(order.source == order.output for order in found):
        raise UsageError("a PDF can't be converted to itself", hint="Name another file with -o.")
    return found


def named_options(texts: Sequence[str]) -> dict[str, object]:
    """Options given as `name=value`; the value is JSON if it can be, else text."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"'{text}' is no option", hint="Write it as name=value; see `millhand kinds show " + KIND)
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def password(file: Path | None) -> str | None:
    """The first line of a password file."""
    return None if file is None else file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")


async def convert_all(
    session: Session, wanted: Sequence[Order], options: Mapping[str, object], seconds: float | None, *, here: bool
) -> bool:
    """Convert all of them, and tell of each; whether all succeeded."""
    if here or not _database_is_there(session):
        made = await _run(session, HereWay(session, options), wanted)
    else:
        async with session.connected() as connected:
            if await _worker_is_there(connected):
                made = await _run(session, QueueWay(connected, options, seconds), wanted)
            else:
                made = await _run(session, HereWay(session, options), wanted)
    return all([_report(session.output, one) for one in made])  # noqa: C419 - every one is told of


async def _run(session: Session, way: Way, wanted: Sequence[Order]) -> list[Made]:
    session.output.say(way.words)
    with board(session.output, len(wanted)) as shown:
        lines = _Lines(shown, wanted)
        return await way.convert(wanted, lines.set)


def _output(file: Path, out: Path | None, *, folder: bool) -> Path:
    if out is None:
        return file.with_suffix(_SUFFIX)
    return out / f"{file.stem}{_SUFFIX}" if folder else out


def _database_is_there(session: Session) -> bool:
    try:
        path = sqlite_path(session.settings().database)
    except MillhandError:
        return False
    return path is None or path.exists()


async def _worker_is_there(connected: Connected) -> bool:
    """Whether a worker runs that converts documents; one that has just begun is given time to say what it does."""
    clock = connected.app.clock
    deadline = clock.monotonic() + _TELLS_WITHIN
    while True:
        serving = await _serving(connected)
        if any(KIND in worker.kinds for worker in serving):
            return True
        if all(worker.kinds for worker in serving) or clock.monotonic() > deadline:
            return False
        await asyncio.sleep(_LOOK_EVERY)


async def _serving(connected: Connected) -> list[WorkerView]:
    """The workers that take jobs from the queue of the kind."""
    queue = connected.app.registry.get(KIND).args.queue
    return [
        worker
        for worker in await connected.inspector.workers()
        if worker.serves(queue) and worker.state == "running" and not worker.silent
    ]


class _Lines:
    """The lines of the board, changed one by one."""

    def __init__(self, shown: Board, wanted: Sequence[Order]) -> None:
        self._shown = shown
        self._lines = {order: Line(order.source.name, State.AVAILABLE, 0.0, "") for order in wanted}

    def set(self, order: Order, state: State, fraction: float, text: str) -> None:
        """Show a document so from now on."""
        self._lines[order] = Line(order.source.name, state, fraction, text)
        self._shown.update(list(self._lines.values()))


def _report(output: Output, made: Made) -> bool:
    if output.json:
        output.record(made)
    elif made.failure is None:
        for notice in made.notices:
            output.say(f"{made.source.name}: {notice}")
        output.data(str(made.output))
    else:
        output.complain(f"{output.coloured('error:', 'red')} {made.source.name}: {made.failure.message}")
        if made.failure.hint:
            output.complain(f"{output.coloured('hint:', 'cyan')} {made.failure.hint}")
    return made.failure is None
