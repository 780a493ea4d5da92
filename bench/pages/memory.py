"""How much memory a browser and everything beside it take at their worst."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

_PAUSE = 0.04


@dataclass(slots=True)
class Peak:
    """The most that was seen, in bytes in proportion: of one page's process, and of all together.

    All are the processes under this one, and what this one has grown by.
    """

    renderer: int = 0
    all: int = 0


@contextmanager
def watched() -> Iterator[Peak]:
    """Look again and again. Do not time anything meanwhile: looking is work, too."""
    peak, done = Peak(), threading.Event()
    thread = threading.Thread(target=_watch, args=(peak, done), daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


def _watch(peak: Peak, done: threading.Event) -> None:
    here = psutil.Process()
    before = _size(here)
    while not done.wait(_PAUSE):
        sizes = [(_is_renderer(process), _size(process)) for process in here.children(recursive=True)]
        peak.renderer = max([peak.renderer, *(size for renderer, size in sizes if renderer)])
        peak.all = max(peak.all, sum(size for _, size in sizes) + max(0, _size(here) - before))


def _is_renderer(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.Error:
        return False


def _size(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return getattr(memory, "pss", memory.rss)
