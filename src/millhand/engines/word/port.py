"""What Word is driven through: the few calls that are not Word's own object model."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeAlias


class Com(Protocol):
    """COM on this machine, or a stand-in for tests.

    `errors` are what calls of the object model raise; `failure.failure_of` reads them.
    """

    errors: tuple[type[Exception], ...]

    def apartment(self) -> AbstractContextManager[None]:
        """Let the calling thread make COM calls while inside; objects belong to the thread that got them."""
        ...

    def start(self) -> Any:  # noqa: ANN401 - an object of Word's, known by Microsoft's documentation only
        """A Word of our own: its Application object. One at a time on the whole machine starts."""
        ...

    def process_of(self, application: Any) -> int | None:  # noqa: ANN401 - as above
        """The process id of that Word, found by its window; None if that can't be told."""
        ...

    def processes(self) -> frozenset[int]:
        """The process ids of every Word on the machine."""
        ...

    def forget_crash(self, version: str) -> None:
        """Remove what Word noted of its death, and would ask about when it starts again."""
        ...


Connect: TypeAlias = Callable[[], Com]
"""Makes the connection; raises `WordMissing`."""
