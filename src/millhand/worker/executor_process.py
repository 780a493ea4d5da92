"""The dispatcher's handle on one executor: start the process, talk over its pipe, see its end, kill its tree."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from millhand.engines import windows_job
from millhand.engines.process import kill_tree
from millhand.worker import lifeline
from millhand.worker.marks import MARKS, read_marks
from millhand.worker.messages import LENGTH_BYTES, MAX_FRAME, Message, frame, unframe
from millhand.worker.settings import ExecutorCommand

_LAST_WORDS = 1.0
"""Seconds that a process may still live after it closed its end of the pipe."""

_POSIX = os.name == "posix"
_OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP if sys.platform == "win32" else 0


class ExecutorProcess:
    """A running executor process."""

    def __init__(self, process: asyncio.subprocess.Process, workdir: Path, lifeline: int) -> None:
        self._process = process
        self._workdir = workdir
        self._lifeline = lifeline
        self._last_marks: list[int] | None = None
        self._job = windows_job.holding(process.pid) if sys.platform == "win32" else None

    @classmethod
    async def start(cls, command: ExecutorCommand, name: str) -> "ExecutorProcess":
        """Start the program in a session of its own, so that a signal to the terminal reaches the dispatcher alone."""
        workdir = command.workdir / name
        workdir.mkdir(parents=True, exist_ok=True)
        theirs, ours = lifeline.tie()
        try:
            process = await asyncio.create_subprocess_exec(
                *command.argv,
                "--workdir",
                str(workdir),
                *(("--lifeline", str(theirs)) if _POSIX else ()),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(command.environment),
                limit=1 << 20,
                start_new_session=_POSIX,
                creationflags=_OWN_GROUP,
                pass_fds=(theirs,) if _POSIX else (),
            )
        except BaseException:
            os.close(ours)
            raise
        finally:
            os.close(theirs)
        return cls(process, workdir, ours)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def marks(self) -> list[int]:
        """What its slots are at, or were at when it ended: tickets, negative for runs that are over."""
        return list(read_marks(self._workdir / MARKS)) if self._last_marks is None else self._last_marks

    def send(self, messages: Iterable[Message]) -> None:
        """Queue messages as one frame; a dead executor swallows them, and its end is seen by `listen`."""
        writer = self._process.stdin
        if writer is not None and not writer.is_closing():
            writer.write(frame(messages))

    async def listen(self, receive: Callable[[list[Message]], None]) -> str:
        """Hand on the messages of each frame until the process has ended; then say how it ended."""
        stream = self._process.stdout
        if stream is None:
            raise RuntimeError("the executor was started without a pipe")
        while (messages := await _next_frame(stream)) is not None:
            receive(messages)
        return await self._end()

    async def _end(self) -> str:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _LAST_WORDS)
        self.kill()
        code = await self._process.wait()
        os.close(self._lifeline)
        self._last_marks = self.marks
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.to_thread(shutil.rmtree, self._workdir, ignore_errors=True)
        return _describe(code)

    def kill(self) -> None:
        """Kill the process and everything it started."""
        kill_tree(self._process.pid)
        if self._job is not None:
            self._job.close()
        self._kill_group()

    def tidy(self) -> None:
        """Kill what a process that has ended left behind: a fork of it holds the pipe open, so its end is not heard."""
        if self._process.returncode is not None:
            self._kill_group()

    def _kill_group(self) -> None:
        if _POSIX:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


async def _next_frame(stream: asyncio.StreamReader) -> list[Message] | None:
    """The messages of the next frame; None at the end, or once the executor writes what no sound one would."""
    try:
        length = int.from_bytes(await stream.readexactly(LENGTH_BYTES), "big")
        return list(unframe(await stream.readexactly(length))) if length <= MAX_FRAME else None
    except (asyncio.IncompleteReadError, ConnectionError, ValueError, LookupError, TypeError):
        return None


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **extra}


def _describe(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"
