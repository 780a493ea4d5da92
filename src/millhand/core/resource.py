"""Things that handlers share within one executor, such as an engine: opened at first use, closed with the executor."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, eq=False)
class Resource(Generic[T_co]):
    """How to open something for the life of an executor.

    `opener` is given a folder of its own, which is removed when the executor ends; `context.use(resource)` answers with
    the opened thing, the same one for every job in that executor.
    """

    opener: Callable[[Path], AbstractContextManager[T_co]]


def resource(opener: Callable[[Path], AbstractContextManager[T]]) -> Resource[T]:
    """Make a resource of a context manager function."""
    return Resource(opener)
