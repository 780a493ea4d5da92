"""The first signal drains, the second aborts."""

import os
import signal

import pytest

from millhand.worker.signals import on_signals
from tests.support import poll_until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_first_drains_and_the_next_abort(number: signal.Signals) -> None:
    calls: list[str] = []
    before = signal.getsignal(number)
    with on_signals(lambda: calls.append("drain"), lambda: calls.append("abort")):
        for expected in (["drain"], ["drain", "abort"], ["drain", "abort", "abort"]):
            os.kill(os.getpid(), number)
            await poll_until(lambda expected=expected: calls == expected)
    assert signal.getsignal(number) in (before, signal.SIG_DFL, signal.default_int_handler)
