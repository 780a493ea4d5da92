"""Drive one queue from a process of its own: `python -m bench.queues.drive PEER ACTION`. Prints what it measured."""

import argparse
import asyncio
import importlib
import json
import time
from collections.abc import Awaitable, Callable, Sequence

from bench.queues.marks import Marks, marks_of_environment
from bench.queues.peer import QueuePeer

BATCH = 1_000
_OFTEN = 0.005
_SELDOM = 0.05


def main(arguments: Sequence[str] | None = None) -> None:
    """Do one action and print a JSON object."""
    options = _parser().parse_args(arguments)
    peer: QueuePeer = importlib.import_module(f"bench.queues.peers.{options.peer}").Peer()
    if options.action == "work":
        peer.work(options.executors)
    else:
        print(json.dumps(asyncio.run(_driven(peer, options))))


async def _driven(peer: QueuePeer, options: argparse.Namespace) -> dict[str, float]:
    if options.action == "prepare":
        await peer.prepare()
        return {}
    await peer.open()
    try:
        return await _ACTIONS[options.action](peer, options)
    finally:
        await peer.close()


async def _one(peer: QueuePeer, options: argparse.Namespace) -> dict[str, float]:
    await peer.enqueue_one(options.first)  # opens what opens at first use
    began = time.perf_counter()
    for number in range(options.first + 1, options.first + options.count):
        await peer.enqueue_one(number)
    return {"rate": (options.count - 1) / (time.perf_counter() - began)}


async def _many(peer: QueuePeer, options: argparse.Namespace) -> dict[str, float]:
    await peer.enqueue_one(options.first)
    numbers = range(options.first + 1, options.first + options.count)
    began = time.perf_counter()
    for start in range(0, len(numbers), BATCH):
        await peer.enqueue_many(numbers[start : start + BATCH])
    rate = len(numbers) / (time.perf_counter() - began)
    await peer.enqueued_all()
    return {"rate": rate}


async def _pace(peer: QueuePeer, options: argparse.Namespace) -> dict[str, float]:
    """Send jobs one by one at a steady pace, noting when."""
    marks = marks_of_environment()
    began = time.monotonic()
    for turn, number in enumerate(range(options.first, options.first + options.count)):
        await asyncio.sleep(max(0.0, began + turn / options.per_second - time.monotonic()))
        marks.sent(number)
        await peer.enqueue_one(number)
    return {}


async def _watch(peer: QueuePeer, options: argparse.Namespace) -> dict[str, float]:
    """Wait until all jobs are settled, or `seconds` after the first one started; say when that was."""
    marks = marks_of_environment()
    await _until(marks.any_started, _SELDOM, time.monotonic() + options.patience)
    cut = time.monotonic() + options.seconds
    waiting_for = 0
    while (waiting_for := marks.first_not_started(waiting_for)) < options.count:
        if time.monotonic() > cut:
            return {"end": time.monotonic()}
        await asyncio.sleep(_OFTEN)
    while await peer.unsettled() and time.monotonic() < cut:  # noqa: ASYNC110 - other processes settle them
        await asyncio.sleep(_OFTEN)
    # A queue that does not know of settling has ended with the start of its last job.
    return {"end": time.monotonic() if _settles(peer) else _last(marks)}


async def _until(happened: Callable[[], bool], pause: float, deadline: float) -> None:
    while not happened() and time.monotonic() < deadline:  # noqa: ASYNC110 - it happens in other processes
        await asyncio.sleep(pause)


def _settles(peer: QueuePeer) -> bool:
    return type(peer).unsettled is not QueuePeer.unsettled


def _last(marks: Marks) -> float:
    return max(mark.started for mark in marks.all())


_ACTIONS: dict[str, Callable[[QueuePeer, argparse.Namespace], Awaitable[dict[str, float]]]] = {
    "one": _one,
    "many": _many,
    "pace": _pace,
    "watch": _watch,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer")
    parser.add_argument("action", choices=["prepare", "work", *_ACTIONS])
    parser.add_argument("--first", type=int, default=0, help="number of the first job")
    parser.add_argument("--count", type=int, default=0, help="how many jobs")
    parser.add_argument("--per-second", type=float, default=20.0, help="pace of sending")
    parser.add_argument("--executors", type=int, default=1, help="job processes of the worker")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long the jobs may take")
    parser.add_argument("--patience", type=float, default=60.0, help="how long the worker may take to come up")
    return parser


if __name__ == "__main__":
    main()
