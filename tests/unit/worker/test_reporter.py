"""Events reach the ledger in order, within bounds, and through an outage."""

import asyncio

from millhand.core.events import Level, LogLine, Progress
from millhand.testing.clock import FakeClock
from millhand.worker.reporter import Reporter
from tests.support import poll_until
from tests.unit.worker.makers import Notes

MOST = 20_000


def line(number: int) -> LogLine:
    return LogLine("job-1", 1, number, Level.INFO, "text")


def progress(number: int) -> Progress:
    return Progress("job-1", 1, number, 0.5)


async def test_events_are_recorded_in_order_and_in_batches() -> None:
    notes = Notes()
    reporter = Reporter(notes, FakeClock())
    for number in range(5_000):
        reporter.put(line(number))
    await reporter.turn()
    assert [event.at for event in notes.events] == list(range(5_000))
    assert notes.batches == [2_000, 2_000, 1_000]


async def test_nothing_is_lost_while_the_ledger_is_out_of_reach() -> None:
    notes = Notes(down=True)
    reporter = Reporter(notes, FakeClock())
    reporter.put(line(1))
    running = asyncio.create_task(reporter.run())
    reporter.put(progress(2))
    await poll_until(lambda: notes.refused)
    notes.down = False
    await poll_until(lambda: len(notes.events) == 2)
    reporter.stop()
    await running
    assert [event.at for event in notes.events] == [1, 2]
    assert reporter.dropped == 0


async def test_beyond_the_bound_progress_is_dropped_first_and_old_lines_last() -> None:
    notes = Notes()
    reporter = Reporter(notes, FakeClock())
    for number in range(MOST // 2):
        reporter.put(line(number))
    reporter.put(progress(0))
    assert reporter.dropped == 1
    for number in range(MOST // 2, MOST + 5):
        reporter.put(line(number))
    assert reporter.dropped == 6
    await reporter.turn()
    assert [event.at for event in notes.events] == list(range(5, MOST + 5))


async def test_what_is_being_recorded_is_neither_dropped_nor_recorded_twice() -> None:
    notes = Notes(gate=asyncio.Event())
    reporter = Reporter(notes, FakeClock())
    for number in range(MOST):
        reporter.put(line(number))
    recording = asyncio.create_task(reporter.turn())
    await asyncio.sleep(0)
    for number in range(MOST, MOST + 3_000):
        reporter.put(line(number))
    assert notes.gate is not None
    notes.gate.set()
    await recording
    kept = [event.at for event in notes.events]
    assert len(kept) == len(set(kept)) == MOST + 3_000 - reporter.dropped
    assert kept[:2_000] == list(range(2_000))
