"""Fill the file in which Flower keeps what it has seen of tasks: `python -m bench.web.flower_state FILE COUNT`.

It runs in the peers' environment. The events are those that Celery's workers send, given to Flower's own state.
"""

import shelve
import sys
import time
from typing import Any

from flower.events import EventsState

_BEGUN = ("task-received", "task-started")


def main(file: str, count: int) -> None:
    """Make the file."""
    state = EventsState(max_tasks_in_memory=count)
    for number in range(count):
        failed = number % 30 == 0
        for place, kind in enumerate([*_BEGUN, "task-failed" if failed else "task-succeeded"]):
            state.event(_event(number, count, kind, place))
    with shelve.open(file, flag="n") as kept:  # noqa: S301 - our own file
        kept["events"] = state
        kept["counter"] = dict(state.counter)


def _event(number: int, count: int, kind: str, place: int) -> dict[str, Any]:
    at = time.time() - (count - number) + place / 10
    told: dict[str, Any] = {
        "task-received": {"name": f"bench.kind_{number % 8}", "args": f"({number},)", "kwargs": "{}", "retries": 0},
        "task-failed": {"exception": f"LayoutError('page {number} is too wide')", "traceback": "Traceback\n" * 12},
        "task-succeeded": {"result": "{'pages': 3}", "runtime": 0.5},
    }.get(kind, {})
    about = {"hostname": f"worker@{number % 12}", "timestamp": at, "local_received": at, "clock": number * 3 + place}
    return {"type": kind, "uuid": f"{number:08x}-0000-4000-8000-000000000000", "pid": 1, **about, **told}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
