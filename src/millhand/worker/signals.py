"""Signals: the first one drains, the second aborts."""

import asyncio
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def on_signals(drain: Callable[[], None], abort: Callable[[], None]) -> Generator[None]:
    """While inside, SIGTERM and SIGINT call `drain` the first time and `abort` from then on."""
    loop = asyncio.get_running_loop()
    calls = iter((drain,))

    def act() -> None:
        next(calls, abort)()

    watched = (signal.SIGTERM, signal.SIGINT)
    if sys.platform == "win32":
        # Ctrl-Break is what the host of a Windows service sends.
        on_windows = (*watched, signal.SIGBREAK)
        before = {number: signal.signal(number, lambda *_: loop.call_soon_threadsafe(act)) for number in on_windows}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return
    for number in watched:
        loop.add_signal_handler(number, act)
    try:
        yield
    finally:
        for number in watched:
            loop.remove_signal_handler(number)
