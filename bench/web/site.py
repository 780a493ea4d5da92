"""A site of ours over a ledger, as a process of its own, and workers beside it."""

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

import bench.web.app
from bench.processes import is_alive, running

_PATIENCE = 60.0
_TOLD = re.compile(r"health\s+(http://\S+)/health")


class NotServedError(Exception):
    """A site does not come up."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where it is, and its process."""

    url: str
    process: psutil.Process


def environment(database: str, folder: Path) -> Mapping[str, str]:
    """What processes on a ledger are told: nothing of it is forgotten meanwhile."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    return kept | {
        "MILLHAND_APP": bench.web.app.__file__,
        "MILLHAND_DATABASE": database,
        "MILLHAND_DATA_DIR": str(folder),
        "MILLHAND_HTTP__PORT": "0",
        "MILLHAND_RETENTION__COMPLETED": "0",
        "MILLHAND_RETENTION__CANCELLED": "0",
        "MILLHAND_RETENTION__DISCARDED": "0",
    }


@contextmanager
def served(database: str, folder: Path) -> Iterator[Site]:
    """`millhand serve` over a ledger. Raises `NotServedError`."""
    folder.mkdir()
    with running([[sys.executable, "-m", "millhand", "serve"]], folder, environment(database, folder)) as [process]:
        said = folder / "said-0.txt"
        found = wait(lambda: _TOLD.search(said.read_text(encoding="utf-8")), process, said)
        yield Site(found[1], process)


def wait(look: Callable[[], re.Match[str] | None], process: psutil.Process, said: Path) -> re.Match[str]:
    """What is found once it is there; raises `NotServedError` if the process ends, or it does not come."""
    deadline = time.monotonic() + _PATIENCE
    while (found := look()) is None:
        if time.monotonic() > deadline or not is_alive(process):
            raise NotServedError(said.read_text(encoding="utf-8", errors="replace")[-500:])
        time.sleep(0.02)
    return found
