"""Record every call to a broker, and read the records back: the evidence on which `testing.checker` judges.

Each question is written down before the broker hears it and each answer after it came, one JSON line each, appended
to a file per process. A process that is killed in between leaves a question without an answer.
"""

import json
import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from millhand.core.capabilities import Capabilities
from millhand.core.clock import Clock, after
from millhand.core.errors import BrokerUnavailable
from millhand.core.job import Delivery, NewJob, Sent
from millhand.core.ports import Broker, CancelResult, QueueStats
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import Cause, State

SUFFIX = ".jsonl"


class Journal:
    """A file to which one process appends JSON lines; what was appended survives the death of the process."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def write(self, line: Mapping[str, object]) -> None:
        """Append one line, whole."""
        os.write(self._descriptor, json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class RecordingBroker:
    """Does what the broker inside does, and writes down what it was asked and what it answered.

    `folder` collects the histories of all processes; `worker` is the name under which this one leases jobs.
    """

    def __init__(self, broker: Broker, folder: Path, worker: str, clock: Clock) -> None:
        self._broker = broker
        self._worker = worker
        self._clock = clock
        self._calls = count(1)
        self._journal = Journal(folder / f"{worker}{SUFFIX}")

    @property
    def capabilities(self) -> Capabilities:
        """What the broker inside can do."""
        return self._broker.capabilities

    async def open(self) -> None:
        """Open the broker inside."""
        await self._broker.open()

    async def close(self) -> None:
        """Close the broker inside, and record that this worker went in good order: it must hold no job any more."""
        self._ask("close", None)
        await self._broker.close()
        self._journal.close()

    async def send(self, jobs: Sequence[NewJob]) -> list[Sent]:
        """Send; recorded are the ids asked for (but not those of jobs with a key) and the ids answered."""
        call = self._ask("send", [job.id for job in jobs if job.key is None])
        with self._noting_outages():
            sent = await self._broker.send(jobs)
        self._answer(call, [each.id for each in sent])
        return sent

    async def receive(self, limit: int, wait: float) -> list[Delivery]:
        """Receive; recorded are the leases taken."""
        with self._noting_outages():
            taken = await self._broker.receive(limit, wait)
        if taken:
            leases = [[each.job_id, each.fence, each.attempt, each.claimed_at, each.lease_until] for each in taken]
            self._ask("receive", leases)
        return taken

    async def extend(self, deliveries: Sequence[Delivery], seconds: float) -> list[bool]:
        """Extend; recorded are the leases asked for, their new end at the earliest, and the answers."""
        until = after(self._clock.now(), seconds)
        call = self._ask("extend", [[each.job_id, each.fence, until] for each in deliveries])
        with self._noting_outages():
            kept = await self._broker.extend(deliveries, seconds)
        self._answer(call, kept)
        return kept

    async def settle(self, settlements: Sequence[Settlement]) -> list[bool]:
        """Settle; recorded are the settlements asked for and which were accepted."""
        call = self._ask("settle", [_ending(each) for each in settlements])
        with self._noting_outages():
            accepted = await self._broker.settle(settlements)
        self._answer(call, accepted)
        return accepted

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel."""
        return await self._broker.cancel(job_id)

    async def stats(self) -> list[QueueStats]:
        """How each queue stands."""
        return await self._broker.stats()

    @contextmanager
    def _noting_outages(self) -> Generator[None]:
        try:
            yield
        except BrokerUnavailable:
            self._ask("outage", None)
            raise

    def _ask(self, name: str, asked: object) -> int:
        call = next(self._calls)
        self._journal.write(
            {"worker": self._worker, "at": self._clock.now(), "call": call, "name": name, "asked": asked}
        )
        return call

    def _answer(self, call: int, answer: object) -> None:
        self._journal.write({"call": call, "answer": answer})


def _ending(settlement: Settlement) -> list[object]:
    held = settlement.delivery
    follow_ups = [job.id for job in settlement.follow_ups if job.key is None]
    told = [settlement.state, settlement.cause, settlement.charge, follow_ups]
    code = settlement.failure.code if settlement.failure is not None else ""
    return [held.job_id, held.fence, *told, settlement.executor, code]


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease that a worker took, for the attempt of that number, and when it was told of it.

    `claimed_at` is from where the lease is counted: a worker that stood still while it asked was given it later.
    """

    worker: str
    job_id: str
    fence: int
    attempt: int
    claimed_at: int
    lease_until: int
    told_at: int


@dataclass(frozen=True, slots=True)
class Renewal:
    """A lease that a worker asked to have extended, to `lease_until` at the earliest. `kept` is None if unanswered."""

    worker: str
    job_id: str
    fence: int
    asked_at: int
    lease_until: int
    kept: bool | None


@dataclass(frozen=True, slots=True)
class Ending:
    """A settlement that a worker asked for, with the ids of its follow-up jobs. `accepted` is None if unanswered.

    `executor` names the one that ran the job, `code` the failure, if there was one.
    """

    worker: str
    job_id: str
    fence: int
    asked_at: int
    state: State
    cause: Cause
    charge: Charge
    follow_ups: tuple[str, ...]
    accepted: bool | None
    executor: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Sending:
    """Jobs that were sent together, and the ids that the broker answered; None if it did not."""

    worker: str
    asked_at: int
    job_ids: tuple[str, ...]
    stored: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Closing:
    """A worker that ended in good order."""

    worker: str
    at: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A call of a worker that failed at this instant, as the broker was out of reach: it may have been heard or not."""

    worker: str
    at: int


Entry = Claim | Renewal | Ending | Sending | Closing | Outage


def read_history(folder: Path) -> list[Entry]:
    """Read what all processes recorded, in the order of each process. Raises `ValueError` for a damaged file."""
    return [entry for path in sorted(folder.glob(f"*{SUFFIX}")) for entry in _entries(list(read_lines(path)))]


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of one journal, without a last one that was cut off by the death of its writer."""
    *whole, _torn = path.read_bytes().split(b"\n")
    for line in whole:
        yield json.loads(line)


def _entries(lines: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    answers = {line["call"]: line["answer"] for line in lines if "answer" in line}
    for line in lines:
        if "asked" in line:
            yield from _READERS[line["name"]](line, answers.get(line["call"]))


def _read_receive(line: Mapping[str, Any], _answer: object) -> Iterator[Entry]:
    for job_id, fence, attempt, claimed_at, lease_until in line["asked"]:
        yield Claim(line["worker"], job_id, fence, attempt, claimed_at, lease_until, told_at=line["at"])


def _read_extend(line: Mapping[str, Any], answer: list[bool] | None) -> Iterator[Entry]:
    for place, (job_id, fence, until) in enumerate(line["asked"]):
        kept = None if answer is None else answer[place]
        yield Renewal(line["worker"], job_id, fence, line["at"], until, kept)


def _read_settle(line: Mapping[str, Any], answer: list[bool] | None) -> Iterator[Entry]:
    for place, (job_id, fence, state, cause, charge, follow_ups, executor, code) in enumerate(line["asked"]):
        yield Ending(
            line["worker"],
            job_id,
            fence,
            line["at"],
            State(state),
            Cause(cause),
            Charge(charge),
            tuple(follow_ups),
            None if answer is None else answer[place],
            executor,
            code,
        )


def _read_send(line: Mapping[str, Any], answer: list[str] | None) -> Iterator[Entry]:
    stored = None if answer is None else tuple(answer)
    yield Sending(line["worker"], line["at"], tuple(line["asked"]), stored)


def _read_close(line: Mapping[str, Any], _answer: object) -> Iterator[Entry]:
    yield Closing(line["worker"], line["at"])


def _read_outage(line: Mapping[str, Any], _answer: object) -> Iterator[Entry]:
    yield Outage(line["worker"], line["at"])


_READERS = {
    "receive": _read_receive,
    "extend": _read_extend,
    "settle": _read_settle,
    "send": _read_send,
    "close": _read_close,
    "outage": _read_outage,
}
