"""What a recording broker writes is read back as it was, also when its process was killed in the middle."""

from pathlib import Path

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.clock import SystemClock
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import NewJob
from millhand.core.outcome import Completed
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Charge, Run, settlement
from millhand.core.state import Cause, State
from millhand.database import Database, Durability
from millhand.testing.history import (
    Claim,
    Closing,
    Ending,
    Outage,
    RecordingBroker,
    Renewal,
    Sending,
    read_history,
)


async def _recorded(folder: Path) -> None:
    clock = SystemClock()
    database = Database.at(f"sqlite:///{folder}/queue.db", clock=clock, durability=Durability.NORMAL)
    broker = RecordingBroker(SqlBroker(database, queues=(), worker="w1", lease=30.0), folder / "history", "w1", clock)
    await broker.open()
    await broker.send([NewJob(id="a", kind="k", args="{}"), NewJob(id="b", kind="k", args="{}", key="once")])
    first, second = await broker.receive(10, 0.0)
    assert await broker.extend([first], 60.0) == [True]
    follow_up = NewJob(id="c", kind="k", args="{}")
    run = Run(started_at=1, finished_at=2, executor="e1")
    done = settlement(first, Completed(follow_ups=(follow_up,)), RetryPolicy(), run, 0.5)
    assert await broker.settle([done]) == [True]
    assert second.job_id == "b"
    await broker.close()
    await database.close()


async def test_every_call_is_read_back(tmp_path: Path) -> None:
    await _recorded(tmp_path)
    sending, first, second, renewal, ending, closing = read_history(tmp_path / "history")
    assert isinstance(sending, Sending)
    assert (sending.job_ids, sending.stored) == (("a",), ("a", "b"))
    assert isinstance(first, Claim)
    assert isinstance(second, Claim)
    assert (first.job_id, second.job_id) == ("a", "b")
    assert first.claimed_at <= first.told_at < first.lease_until
    assert isinstance(renewal, Renewal)
    assert renewal.kept
    assert renewal.lease_until > renewal.asked_at + 59_000_000
    assert isinstance(ending, Ending)
    assert (ending.state, ending.cause, ending.charge) == (State.COMPLETED, Cause.SUCCEEDED, Charge.ATTEMPT)
    assert (ending.fence, ending.follow_ups, ending.accepted) == (first.fence, ("c",), True)
    assert isinstance(closing, Closing)


@pytest.mark.parametrize("cut", [1, 5, 20])
async def test_a_line_that_was_cut_off_by_a_kill_leaves_a_question_without_an_answer(tmp_path: Path, cut: int) -> None:
    await _recorded(tmp_path)
    journal = tmp_path / "history" / "w1.jsonl"
    whole = journal.read_bytes()
    end_of_answer = whole.rindex(b"\n", 0, whole.rindex(b'"close"'))
    journal.write_bytes(whole[: end_of_answer + 1 - cut])
    ending = read_history(tmp_path / "history")[-1]
    assert isinstance(ending, Ending)
    assert ending.accepted is None


async def test_a_call_that_finds_nobody_is_noted(tmp_path: Path) -> None:
    clock = SystemClock()
    database = Database.at(f"sqlite:///{tmp_path}/queue.db", clock=clock)
    inner = SqlBroker(database, queues=(), worker="w1", lease=30.0)
    broker = RecordingBroker(inner, tmp_path / "history", "w1", clock)
    with pytest.raises(BrokerUnavailable):
        await broker.receive(1, 0.0)
    [outage] = read_history(tmp_path / "history")
    assert isinstance(outage, Outage)
    await broker.close()
