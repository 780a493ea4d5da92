"""Where the jobs of a run wait: what its processes are told of that place, and which faults can befall it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from tests.chaos.faults import Striker
from tests.chaos.plan import Fault


class Bed(Protocol):
    """A place for jobs. `ledger` is the URL of the database in which all is found after a run."""

    @property
    def ledger(self) -> str:
        """The URL by which the judges read; no fault stands between."""
        ...

    def environment(self, who: str) -> Mapping[str, str]:
        """What the process of that name is told of the place."""
        ...

    def strikers(self) -> Mapping[Fault, Striker]:
        """The faults that can befall the place, and how each strikes."""
        ...


class SqliteBed:
    """A file, which only the processes' own deaths can trouble."""

    def __init__(self, folder: Path) -> None:
        self.ledger = f"sqlite:///{folder}/data/millhand.db"

    def environment(self, who: str) -> Mapping[str, str]:
        """The same for all."""
        del who
        return {"MILLHAND_DATABASE": self.ledger}

    def strikers(self) -> Mapping[Fault, Striker]:
        """None."""
        return {}


@asynccontextmanager
async def sqlite_bed(folder: Path, _: Sequence[str]) -> AsyncGenerator[Bed]:
    """The embedded queue, in the folder of the run."""
    yield SqliteBed(folder)


OpenBed = Callable[[Path, Sequence[str]], AbstractAsyncContextManager[Bed]]
"""Makes the place in the folder of a run, for processes of these names; it is gone at the end."""
