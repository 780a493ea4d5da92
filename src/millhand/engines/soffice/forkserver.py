"""The owner's side of the fork server: starts it, hands it documents, limits and kills their processes."""

import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from millhand.engines import programs
from millhand.engines.environment import inherited
from millhand.engines.meter import TreeMeter
from millhand.engines.process import ProcessLimits, StopReason, kill_tree, tail, watch
from millhand.engines.soffice import fonts, layer, pdf, profile, reach, sample
from millhand.engines.soffice.call import Call, receive
from millhand.engines.soffice.install import Installation
from millhand.engines.soffice.values import Attempt, SofficeSettings, Task

_FORK_SECONDS = 10.0  # forking takes milliseconds; a server that needs longer is stuck
_BURY_SECONDS = 5.0


class ForkServerFailed(Exception):
    """The fork server did not start, with the reason."""


class ForkServer:
    """One running fork server. Any number of threads may call `convert` at once.

    Raises ForkServerFailed when it can't be started, or is not ready within `settings.start_seconds`.
    """

    def __init__(self, installation: Installation, settings: SofficeSettings, folder: Path) -> None:
        self._installation = installation
        self._settings = settings
        self._folder = folder
        self._sending = threading.Lock()
        self._ended = threading.Event()
        self._lost = False
        self._process: subprocess.Popen[bytes] | None = None
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        folder.mkdir(parents=True)
        began = time.monotonic()
        # The kernel ties the server's life to the thread that started it: this one lives exactly as long.
        threading.Thread(target=self._keep, args=(theirs,), name="fork-server", daemon=True).start()
        self._await_ready(began + settings.start_seconds)
        self.ready_after = time.monotonic() - began
        self._born = time.monotonic()
        self.documents = 0
        self.killed = 0

    @property
    def alive(self) -> bool:
        """Whether the server runs and answers."""
        return not (self._ended.is_set() or self._lost)

    @property
    def pid(self) -> int | None:
        """The server's process id; None before it has one."""
        return self._process.pid if self._process is not None else None

    @property
    def age(self) -> float:
        """Seconds since it was ready."""
        return time.monotonic() - self._born

    def convert(self, task: Task, cancelled: Callable[[], bool]) -> Attempt:
        """Convert a document in a process of its own, within its limits."""
        began = time.monotonic()
        call = Call(self._ask(task))
        try:
            stopped_by = self._supervise(call, task, cancelled)
        finally:
            call.close()
        failure, message = call.verdict(stopped_by, task.folder / "said.txt")
        # The news of its death may come only after the loss of an answer.
        self._lost |= failure == "gone"
        return Attempt(
            rung="libreofficekit",
            version=self._installation.version,
            seconds=time.monotonic() - began,
            cpu_seconds=call.cpu_seconds,
            peak_memory=call.peak_memory,
            failure=failure,
            message=message,
        )

    def close(self) -> None:
        """End the server and every document in it. May be called again."""
        with suppress(OSError):
            self._control.close()
        if self._process is not None and not self._ended.wait(0.2):
            kill_tree(self._process.pid)
            self._ended.wait(_BURY_SECONDS)

    def _keep(self, theirs: socket.socket) -> None:
        try:
            with theirs, (self._folder / "said.txt").open("wb") as said:
                self._process = subprocess.Popen(
                    programs.command("millhand.engines.soffice.zygote", json.dumps(self._order())),
                    stdin=theirs.fileno(),
                    stdout=said,
                    stderr=said,
                    cwd=self._folder,
                    env=self._environment(),
                    start_new_session=True,
                )
            self._process.wait()
        finally:
            self._ended.set()

    def _order(self) -> dict[str, Any]:
        warm_up = self._folder / "warm-up.docx"
        warm_up.write_bytes(sample.document())
        own_profile = profile.seed(self._folder / "profile", self._installation.major_minor)
        readable = reach.readable(self._installation, (own_profile, *self._settings.readable))
        return {
            "program": str(self._installation.program),
            "profile": str(own_profile),
            "warm_up": str(warm_up),
            "warm_up_options": pdf.filter_options(pdf.DEFAULTS),
            "readable": [str(path) for path in readable],
        }

    def _environment(self) -> dict[str, str]:
        temporary = self._folder / "temporary"
        temporary.mkdir()
        folders = dict.fromkeys(("TMPDIR", "TMP", "TEMP", "HOME"), str(temporary))
        settings = profile.settings(self._installation.major_minor)
        layers = layer.environment(self._installation.program, self._folder / "profile" / "layer", settings)
        return {**inherited(), **fonts.environment(), **folders, **layers}

    def _await_ready(self, deadline: float) -> None:
        answer = receive(self._control, deadline - time.monotonic())
        if answer is None or not answer.get("ready"):
            self.close()
            said = tail(self._folder / "said.txt")
            message = answer.get("message") if answer else None
            raise ForkServerFailed(message or said or "the fork server did not become ready")

    def _ask(self, task: Task) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        request = {
            "source": str(task.source),
            "target": str(task.target),
            "folder": str(task.folder),
            "load_options": task.export.load_options(),
            "filter_options": task.export.filter_options(),
            # Of an encrypted document only its suffix tells the application, and that may be wrong.
            "family": "" if task.export.encrypted else task.export.family,
            "commands": task.export.commands,
            "password": task.export.password,
            "output_bytes": task.limits.output,
            "processor_seconds": int(task.limits.seconds) + 1,
            "writable": [str(self._folder / "temporary"), *map(str, reach.WRITABLE)],
        }
        # If the server is gone, the other end closes unanswered, which is the answer.
        with theirs, suppress(OSError), self._sending:
            self.documents += 1
            socket.send_fds(self._control, [json.dumps(request).encode()], [theirs.fileno()])
        return ours

    def _supervise(self, call: Call, task: Task, cancelled: Callable[[], bool]) -> StopReason | None:
        pid = call.await_child(_FORK_SECONDS)
        if pid is None:
            return None
        limits = ProcessLimits(task.limits.seconds, task.limits.memory)
        meter = TreeMeter(pid)
        stopped_by = watch(meter, limits, cancelled, call.ended)
        if stopped_by is not None:
            self.killed += 1
            kill_tree(pid)
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            call.ended(_BURY_SECONDS)
        call.peak_memory = max(call.peak_memory, meter.peak_memory)
        return stopped_by
