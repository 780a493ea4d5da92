"""Where the jobs of a run wait: what its processes are told of that place, and which faults can befall it."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.chaos.evidence import Records, open_records
from tests.chaos.faults import Striker
from tests.chaos.fleet import Dispatcher
from tests.chaos.plan import Fault


class Bed(Protocol):
    """A place for jobs."""

    @property
    def records(self) -> Records:
        """What the place can tell after a run; no fault stands between."""
        ...

    def environment(self, who: str) -> Mapping[str, str]:
        """What the process of that name is told of the place."""
        ...

    def strikers(self, dispatchers: Sequence[Dispatcher]) -> Mapping[Fault, Striker]:
        """The faults that can befall the place, or these where they touch it, and how each strikes."""
        ...

    async def finish(self) -> Sequence[str]:
        """End in good order what works there beside millhand; tells what ended otherwise than it should."""
        ...


OpenBed = Callable[[Path, Sequence[str], int], AbstractAsyncContextManager[Bed]]
"""Makes the place in the folder of a run, for processes of these names and for this seed; it is gone at the end."""


@dataclass(frozen=True)
class SqliteBed:
    """A file, which only the processes' own deaths can trouble."""

    url: str
    records: Records

    def environment(self, who: str) -> Mapping[str, str]:
        """The same for all."""
        del who
        return {"MILLHAND_DATABASE": self.url}

    def strikers(self, dispatchers: Sequence[Dispatcher]) -> Mapping[Fault, Striker]:
        """None."""
        del dispatchers
        return {}

    async def finish(self) -> Sequence[str]:
        """There is nothing to end."""
        return ()


@asynccontextmanager
async def sqlite_bed(folder: Path, names: Sequence[str], seed: int) -> AsyncGenerator[Bed]:
    """The embedded queue, in the folder of the run."""
    del names, seed
    url = f"sqlite:///{folder}/data/millhand.db"
    async with open_records(url) as records:
        yield SqliteBed(url, records)
