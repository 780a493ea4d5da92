"""Keeping a good fork server: started when first needed, replaced when old, dead or untidy, never waited for twice."""

import itertools
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from millhand.engines.soffice.forkserver import ForkServer, ForkServerFailed
from millhand.engines.soffice.install import Installation
from millhand.engines.soffice.values import Attempt, SofficeSettings, Task
from millhand.engines.soffice.workdir import remove

_TRY_AGAIN_AFTER = 30.0  # seconds after a failed start
_KILLED_ENOUGH = 10  # killed documents leave temporary files in their server's folder


class ForkServers:
    """The current fork server and those that still finish their last documents."""

    def __init__(self, installation: Installation, settings: SofficeSettings, folder: Path) -> None:
        self._installation = installation
        self._settings = settings
        self._folder = folder
        self._numbers = itertools.count(1)
        self._changing = threading.Lock()
        self._counting = threading.Lock()
        self._current: _Counted | None = None
        self._closed = False
        self._replacing = False
        self._failed_at: float | None = None
        self._failure = ""

    def convert(self, task: Task, cancelled: Callable[[], bool]) -> Attempt:
        """Convert by the fork server; by a new one if it died meanwhile. `unavailable` if none can be started."""
        attempt = self._convert_once(task, cancelled)
        # The server's death is not the document's fault unless it happens again.
        return self._convert_once(task, cancelled) if attempt.failure == "gone" else attempt

    def server(self) -> ForkServer | None:
        """The current server, if there is one."""
        current = self._current
        return current.server if current is not None else None

    def renew(self) -> None:
        """Let the next document have a new server, even if the last one could not be started."""
        with self._changing:
            self._retire()
            self._failed_at = None

    def close(self) -> None:
        """End every server and what runs in it. May be called again."""
        with self._changing:
            self._closed = True
            current, self._current = self._current, None
        if current is not None:
            current.server.close()
            remove(current.folder)

    def _convert_once(self, task: Task, cancelled: Callable[[], bool]) -> Attempt:
        try:
            with self._borrowed() as server:
                return server.convert(task, cancelled)
        except ForkServerFailed as error:
            version = self._installation.version
            return Attempt("libreofficekit", version, 0.0, failure="unavailable", message=str(error))

    @contextmanager
    def _borrowed(self) -> Generator[ForkServer]:
        counted = self._healthy()
        try:
            yield counted.server
        finally:
            self._release(counted)
            self._replace_if_due(counted.server)

    def _healthy(self) -> "_Counted":
        with self._changing:
            if self._closed:
                raise ForkServerFailed("the engine is closed")
            if self._current is not None and not self._current.server.alive:
                self._retire()
            if self._current is None:
                self._current = self._started()
            with self._counting:
                self._current.users += 1
            return self._current

    def _started(self) -> "_Counted":
        now = time.monotonic()
        if self._failed_at is not None and now - self._failed_at < _TRY_AGAIN_AFTER:
            raise ForkServerFailed(self._failure)
        folder = self._folder / f"server-{next(self._numbers)}"
        try:
            server = ForkServer(self._installation, self._settings, folder)
        except ForkServerFailed as error:
            self._failed_at, self._failure = now, str(error)
            remove(folder)
            raise
        self._failed_at = None
        return _Counted(server, folder)

    def _retire(self) -> None:
        """Let go of the current server; whoever uses it last closes it. Called while changing."""
        old, self._current = self._current, None
        if old is not None:
            with self._counting:
                old.retired = True
                idle = old.users == 0
            if idle:
                old.close()

    def _release(self, counted: "_Counted") -> None:
        with self._counting:
            counted.users -= 1
            last = counted.retired and counted.users == 0
        if last:
            counted.close()

    def _replace_if_due(self, server: ForkServer) -> None:
        due = (
            server.documents >= self._settings.recycle_documents
            or server.age >= self._settings.recycle_seconds
            or server.killed >= _KILLED_ENOUGH
        )
        with self._counting:
            if not due or self._replacing or self.server() is not server:
                return
            self._replacing = True
        # Beside the documents, so that none of them waits for the start.
        threading.Thread(target=self._replace, name="fork-server-replacement").start()

    def _replace(self) -> None:
        try:
            fresh = self._started()
        except ForkServerFailed:
            fresh = None  # the old one is better than none; the next document asks again
        finally:
            with self._counting:
                self._replacing = False
        if fresh is None:
            return
        with self._changing:
            if self._closed:
                fresh.close()
                return
            self._retire()
            self._current = fresh


class _Counted:
    """A server, its folder, and how many documents are in it."""

    def __init__(self, server: ForkServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.users = 0
        self.retired = False

    def close(self) -> None:
        self.server.close()
        remove(self.folder)
