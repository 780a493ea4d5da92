"""One document in the fork server: listening to what the server and the document's process say about it."""

import json
import select
import signal
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from millhand.engines.process import StopReason, first_line
from millhand.engines.soffice.values import FailureKind

_ANSWER_BYTES = 1 << 16
_LIMITS_OF_KERNEL: Mapping[int, FailureKind] = {int(signal.SIGXCPU): "time", int(signal.SIGXFSZ): "output"}


class Call:
    """What the server and the child say about one document."""

    def __init__(self, answers: socket.socket) -> None:
        self._answers = answers
        self._told: dict[str, Any] = {}
        self._closed = False
        self.peak_memory = 0

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the document's process; 0 before it has ended."""
        return float(self._told.get("cpu_seconds", 0.0))

    def await_child(self, seconds: float) -> int | None:
        """The child's process id; None if there is none."""
        deadline = time.monotonic() + seconds
        while "pid" not in self._told and not self._closed and time.monotonic() < deadline:
            self._listen(deadline - time.monotonic())
        return self._told.get("pid")

    def ended(self, seconds: float) -> bool:
        """Wait for the child's end."""
        deadline = time.monotonic() + seconds
        while not self._over:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return False
            self._listen(remaining)
        return True

    def verdict(self, stopped_by: StopReason | None, said: Path) -> tuple[FailureKind | None, str]:
        """What became of the document: None when the child says that it is done."""
        self.peak_memory = max(self.peak_memory, int(self._told.get("peak_memory", 0)))
        status: int | None = self._told.get("exit")
        if stopped_by is not None:
            return stopped_by, f"it was stopped: {stopped_by}"
        if "failed" in self._told:
            return self._told["failed"], self._told["message"]
        match status:
            case None:
                return "gone", "the fork server ended or did not answer"
            case 0 if "done" in self._told:
                return None, ""
            case _ if -status in _LIMITS_OF_KERNEL:
                return _LIMITS_OF_KERNEL[-status], f"it was stopped ({_death(status)})"
            case _:
                return "crash", f"LibreOffice crashed ({_death(status)}) {first_line(said)}".strip()

    def close(self) -> None:
        """Stop listening."""
        self._answers.close()

    @property
    def _over(self) -> bool:
        return self._closed or "exit" in self._told

    def _listen(self, seconds: float) -> None:
        try:
            answer = receive(self._answers, seconds)
        except (EOFError, OSError):
            self._closed = True
            return
        self._told |= answer or {}


def receive(source: socket.socket, seconds: float) -> dict[str, Any] | None:
    """The next message, or None if none comes in time. Raises EOFError when the other end is closed."""
    ready, _, _ = select.select([source], [], [], max(0.0, seconds))
    if not ready:
        return None
    text = source.recv(_ANSWER_BYTES)
    if not text:
        raise EOFError
    return json.loads(text)


def _death(status: int) -> str:
    if status >= 0:
        return f"exit code {status}"
    return signal.Signals(-status).name
