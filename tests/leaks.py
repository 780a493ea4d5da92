"""Finds what a test left behind: processes (orphans included), threads and asyncio tasks."""

import asyncio
import contextlib
import os
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

GRACE = 3.0
"""Seconds that something already ending gets to end."""

_MARK = "LEAK_CHECK"
# Python's own helper, started with the first spawned process and kept until the interpreter ends.
_RESOURCE_TRACKER = "multiprocessing.resource_tracker"


@dataclass(frozen=True)
class Baseline:
    """What was there before the test."""

    token: str
    processes: frozenset[int]  # all of the machine
    threads: frozenset[threading.Thread]


def take_baseline() -> Baseline:
    """Note what is there, and mark every process that starts from now on, so that orphans are known too."""
    token = uuid.uuid4().hex
    baseline = Baseline(token, frozenset(psutil.pids()), frozenset(threading.enumerate()))
    os.environ[_MARK] = token
    return baseline


def leaks(baseline: Baseline) -> list[str]:
    """What is still there that `baseline` does not have, each in a few words, once `GRACE` is over."""
    deadline = time.monotonic() + GRACE
    while found := [*_new_processes(baseline), *_new_threads(baseline)]:
        if time.monotonic() > deadline:
            return found
        time.sleep(0.02)
    return []


async def leaked_tasks(before: set[asyncio.Task[object]]) -> list[str]:
    """The tasks of this loop that are not in `before` and do not end within `GRACE`."""
    deadline = time.monotonic() + GRACE
    while found := asyncio.all_tasks() - before - {asyncio.current_task()}:
        if time.monotonic() > deadline:
            return [f"task {task.get_name()} in {task.get_coro()}" for task in found]
        await asyncio.sleep(0.02)
    return []


def end_processes(baseline: Baseline) -> None:
    """Kill what a test left behind, so that it can't disturb the next one."""
    for process in _started_since(baseline):
        with contextlib.suppress(psutil.Error):
            process.kill()


def _is_ours(process: psutil.Process, token: str) -> bool:
    """Whether this process started it, or it was started with `token`, whoever its parent is by now."""
    with contextlib.suppress(psutil.Error):
        return any(parent.pid == os.getpid() for parent in process.parents()) or process.environ().get(_MARK) == token
    return False


def _new_processes(baseline: Baseline) -> list[str]:
    return [text for process in _started_since(baseline) if (text := _describe(process))]


def _started_since(baseline: Baseline) -> Iterator[psutil.Process]:
    # Nearly every test leaves none, so nothing but the numbers is read for those that were there before.
    for pid in set(psutil.pids()) - baseline.processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            if _is_ours(process, baseline.token) and not _is_of_one_that_stays(process, baseline):
                yield process


def _is_of_one_that_stays(process: psutil.Process, baseline: Baseline) -> bool:
    """Whether what started it was there before, or is a server: its helpers come and go, and end with it."""
    with contextlib.suppress(psutil.Error):
        parents = process.parents()
        pids = [parent.pid for parent in parents]
        between_us = pids[: pids.index(os.getpid())] if os.getpid() in pids else []
        return not baseline.processes.isdisjoint(between_us) or any(parent.name() == "postgres" for parent in parents)
    return False


def _describe(process: psutil.Process) -> str:
    """The process in a few words; nothing if it is gone or is to be expected."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if process.status() == psutil.STATUS_ZOMBIE:
            return f"process {process.pid} (ended, but nobody waited for it)"
        command = " ".join(process.cmdline())
        if _RESOURCE_TRACKER not in command:
            return f"process {process.pid} ({command})"
    return ""


def _new_threads(baseline: Baseline) -> list[str]:
    return [f"thread {each.name}" for each in threading.enumerate() if each not in baseline.threads]
