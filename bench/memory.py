"""Looks again and again at the processes under this one while something runs, to see what they take at their worst."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psutil

from bench.processes import memory_of

_PAUSE = 0.03


@contextmanager
def looking(look: Callable[[Sequence[psutil.Process]], None]) -> Iterator[None]:
    """Have `look` see the processes under this one. Do not time anything meanwhile: looking is work, too."""
    done = threading.Event()

    def watch() -> None:
        here = psutil.Process()
        while not done.wait(_PAUSE):
            look(here.children(recursive=True))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def size_of(process: psutil.Process) -> int:
    """Its bytes in proportion: what it shares is divided among those who share it. 0 when it is gone."""
    return memory_of(process)[1]
