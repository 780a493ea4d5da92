"""An errand: one job whose file the person at the terminal waits for; and the seam between the two ways to do it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from millhand.core.failure import Failure
from millhand.core.state import State


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb of the command line that does errands: its name, the kind of its jobs, and what it says."""

    name: str
    kind: str
    served: str
    here: str
    brief: Callable[[Mapping[str, Any]], str]
    """A job's result in a few words."""


@dataclass(frozen=True, slots=True, eq=False)
class Errand:
    """A job to be done.

    `files` are local files, by the argument that is to name them; `output` is where the file that it makes goes.
    """

    title: str
    output: Path
    arguments: Mapping[str, object] = field(default_factory=dict[str, object])
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an errand; `failure` is None if its file was made."""

    errand: Errand
    failure: Failure | None = None
    result: Mapping[str, Any] = field(default_factory=dict[str, Any])


Show = Callable[[Errand, State, float, str], None]
"""Is told how an errand stands: its state, how far it is, and a few words."""


class Way(Protocol):
    """A way to do errands."""

    @property
    def words(self) -> str:
        """Which way it is, for people."""
        ...

    async def do(self, errands: Sequence[Errand], show: Show) -> list[Done]:
        """Do them all, and say how each ended."""
        ...
