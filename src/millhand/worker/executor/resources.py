"""The resources of one executor: each opened at first use, all closed when the executor ends."""

import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar, cast

from millhand.core.resource import Resource

T = TypeVar("T")


class Resources:
    """Opened resources by their definition; usable from any thread."""

    def __init__(self, workdir: Path) -> None:
        self._workdir = workdir
        self._stack = ExitStack()
        self._open: dict[Resource[Any], Any] = {}
        self._lock = threading.Lock()

    def use(self, resource: Resource[T]) -> T:
        """The opened resource; others wait while it opens, and a failure to open is the caller's."""
        with self._lock:
            if resource not in self._open:
                folder = self._workdir / f"resource-{len(self._open)}"
                folder.mkdir(parents=True, exist_ok=True)
                self._open[resource] = self._stack.enter_context(resource.opener(folder))
            return cast("T", self._open[resource])

    def close(self) -> None:
        """Close all, last opened first."""
        self._stack.close()
        self._open.clear()
