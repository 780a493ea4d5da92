"""The life of an executor: load the app, say hello, run what comes, and end with the dispatcher or when told."""

import asyncio
import contextlib
import os
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

from millhand.core.clock import Clock
from millhand.core.maker import JobMaker
from millhand.core.ports import Blobs
from millhand.core.registry import Registry
from millhand.engines.meter import descendants
from millhand.worker.executor.job_context import Tools
from millhand.worker.executor.link import Outbox, read_on_thread
from millhand.worker.executor.resources import Resources
from millhand.worker.executor.slots import Inbox, Slots
from millhand.worker.marks import MARKS, Marks
from millhand.worker.messages import Exit, Hello, Leaving, Message, Recall, Recalled, Rules, Run, Stop

ORPHANED = 70
"""Exit code of an executor whose dispatcher is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What an executor runs, and with what."""

    registry: Registry
    blobs: Blobs
    clock: Clock
    slots: int
    workdir: Path


class Child:
    """One executor process, between its first frame and its last."""

    def __init__(self, work: Work, incoming: int, outgoing: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(outgoing, self._loop)
        self._inbox = Inbox(self._loop)
        self._resources = Resources(work.workdir)
        self._ended = asyncio.Event()
        self._work = work
        tools = Tools(
            work.clock,
            work.blobs,
            self._resources,
            work.workdir / "scratch",
            self._loop,
            JobMaker(work.registry, work.clock),
        )
        marks = Marks(work.workdir / MARKS, work.slots)
        self._slots = Slots(marks, work.slots, work.registry, tools, self._inbox, self._outbox.put)
        read_on_thread(incoming, self._receive, self._orphaned)

    async def serve(self) -> None:
        """Serve until told to exit; the running jobs end first."""
        with contextlib.suppress(NotImplementedError):  # Windows ends processes without asking
            self._loop.add_signal_handler(signal.SIGTERM, self._outbox.put, Leaving())
        self._outbox.put(Hello({kind.name: Rules(kind.retry, kind.limits) for kind in self._work.registry}))
        await self._ended.wait()
        await self._slots.finished()
        self._slots.close()
        await asyncio.to_thread(self._resources.close)
        self._outbox.flush()

    def _receive(self, messages: list[Message]) -> None:
        runs = [message for message in messages if isinstance(message, Run)]
        if runs:
            self._inbox.put(runs)
        for message in messages:
            match message:
                case Stop():
                    self._loop.call_soon_threadsafe(self._slots.stop, message.ticket, message.why)
                case Recall():
                    tickets = [run.ticket for run in self._inbox.take_back()]
                    self._outbox.put_from_thread(Recalled(tickets))
                case Exit():
                    self._loop.call_soon_threadsafe(self._ended.set)
                case _:
                    pass

    def _orphaned(self) -> None:
        """The dispatcher is gone: nobody can settle what runs here, so end at once, with everything it started."""
        for process in descendants(psutil.Process()):
            with contextlib.suppress(psutil.Error):
                process.kill()
        shutil.rmtree(self._work.workdir, ignore_errors=True)
        os._exit(ORPHANED)
