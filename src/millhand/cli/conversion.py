"""What the two ways to convert a file share: the order, what became of it, and the seam between them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from millhand.core.failure import Failure
from millhand.core.state import State

KIND = "document.convert"


@dataclass(frozen=True, slots=True)
class Order:
    """A document, and where its PDF shall be."""

    source: Path
    output: Path


@dataclass(frozen=True, slots=True)
class Made:
    """What became of a document; `failure` is None if its PDF was made."""

    source: Path
    output: Path
    failure: Failure | None = None
    pages: int | None = None
    notices: tuple[str, ...] = ()


Show = Callable[[Order, State, float, str], None]
"""Is told how a document stands: its state, how far it is, and a few words."""


class Way(Protocol):
    """A way to convert documents."""

    @property
    def words(self) -> str:
        """Which way it is, for people."""
        ...

    async def convert(self, orders: Sequence[Order], show: Show) -> list[Made]:
        """Convert them all, and say how each ended."""
        ...


def made(order: Order, result: dict[str, Any] | None) -> Made:
    """A document that was converted, with what its job tells of the PDF."""
    facts = result or {}
    return Made(order.source, order.output, None, facts.get("pages"), tuple(facts.get("notices", ())))


def pages_of(done: Made) -> str:
    """How many pages a PDF has, in words."""
    return "" if done.pages is None else "1 page" if done.pages == 1 else f"{done.pages:,} pages"
