"""What will happen in a run, decided by its seed alone: what is sent and cancelled when, and which faults strike.

All times are seconds from the start, on the clock of the plan (`pace`).
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from uuid import UUID

LEASE = 2.0
"""Seconds; short, so that many leases run out in a short run."""

_JOBS_A_SECOND = 80
_SHORTEST = 8.0
_EACH_FAULT_EVERY = 10.0
_LARGEST_BATCH = 25
_PRODUCER_IS_BUSY_FOR = 0.9
_CANCELLED_SHARE = 0.03
_CANCELLED_SHARE_OF_LONG = 0.4


class Fault(StrEnum):
    """What can befall the processes, and what the place where the jobs wait."""

    KILL_EXECUTOR = "kill an executor"
    END_EXECUTOR = "end an executor"
    FREEZE_EXECUTOR = "freeze an executor"
    KILL_DISPATCHER = "kill a dispatcher"
    FREEZE_DISPATCHER = "freeze a dispatcher"
    DRAIN_DISPATCHER = "drain a dispatcher"
    ABORT_DISPATCHER = "abort a dispatcher"
    KILL_PRODUCER = "kill the producer"
    RESTART_SERVER = "restart the server"
    CRASH_SERVER = "crash the server"
    END_SESSIONS = "end sessions"
    STALL_NETWORK = "stall a network"
    KILL_COMPETITOR = "kill the competitor"
    END_COMPETITOR = "end the competitor"
    FREEZE_COMPETITOR = "freeze the competitor"
    KILL_AT_A_STEP = "kill a dispatcher between two steps"
    REFUSE = "refuse requests"
    DAWDLE = "dawdle with answers"
    TRUNCATE = "cut answers short"


PROCESS_FAULTS = frozenset(
    {
        Fault.KILL_EXECUTOR,
        Fault.END_EXECUTOR,
        Fault.FREEZE_EXECUTOR,
        Fault.KILL_DISPATCHER,
        Fault.FREEZE_DISPATCHER,
        Fault.DRAIN_DISPATCHER,
        Fault.ABORT_DISPATCHER,
        Fault.KILL_PRODUCER,
    }
)
"""What can happen wherever the jobs wait."""


# Seconds for which a process or a network stands still, or what is dead is left dead.
_PAUSES = {
    Fault.FREEZE_EXECUTOR: (0.2, 2.0),
    Fault.FREEZE_DISPATCHER: (LEASE * 1.3, LEASE * 1.8),
    Fault.KILL_DISPATCHER: (0.0, LEASE * 1.5),
    Fault.ABORT_DISPATCHER: (0.02, 0.3),
    Fault.RESTART_SERVER: (0.0, LEASE),
    Fault.CRASH_SERVER: (0.0, LEASE),
    Fault.STALL_NETWORK: (0.3, LEASE * 1.8),
    Fault.KILL_COMPETITOR: (0.0, LEASE),
    Fault.FREEZE_COMPETITOR: (0.5, LEASE * 1.8),
    Fault.KILL_AT_A_STEP: (0.0, LEASE),
    Fault.REFUSE: (0.3, LEASE * 1.5),
    Fault.DAWDLE: (0.5, LEASE * 1.5),
    Fault.TRUNCATE: (0.3, LEASE),
}

# Out of a thousand jobs, so many are of this kind; the others are quick.
_SHARES = {
    "chaos.nap": 100,
    "chaos.compute": 100,
    "chaos.thread": 50,
    "chaos.flaky": 120,
    "chaos.parent": 60,
    "chaos.family": 20,
    "chaos.long": 15,
    "chaos.refused": 20,
    "chaos.infrastructure": 20,
    "chaos.snoozing": 20,
    "chaos.deadly": 1,
    "chaos.stuck": 1,
}


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault: when, on which dispatcher (or one of its executors), for how many seconds."""

    at: float
    fault: Fault
    dispatcher: int
    executor: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Order:
    """One job to send."""

    id: str
    kind: str
    number: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Jobs to send at one time."""

    at: float
    number: int
    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class Cancel:
    """A job to cancel at a time."""

    at: float
    job_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a seed decides."""

    seed: int
    jobs: int
    seconds: float
    batches: tuple[Batch, ...]
    cancels: tuple[Cancel, ...]
    strikes: tuple[Strike, ...]


def make_plan(seed: int, jobs: int, faults: Collection[Fault] = PROCESS_FAULTS) -> Plan:
    """The plan of a seed: the same one whenever it is asked for, but for its faults, which are of these kinds."""
    seconds = max(_SHORTEST, jobs / _JOBS_A_SECOND)
    batches = tuple(_batches(_random("jobs", seed), jobs, seconds))
    cancels = tuple(_cancels(_random("cancels", seed), batches))
    return Plan(
        seed, jobs, seconds, batches, cancels, tuple(_strikes(_random("faults", seed), seconds, sorted(faults)))
    )


def _random(what: str, seed: int) -> Random:
    """A source of numbers for each part, so that a change of one does not change the others."""
    return Random(f"{what} {seed}")  # noqa: S311 - a schedule, not a secret


def _batches(random: Random, jobs: int, seconds: float) -> Iterator[Batch]:
    kinds = [kind for kind, share in _SHARES.items() for _ in range(max(1, jobs * share // 1000))]
    kinds = (kinds + ["chaos.quick"] * (jobs - len(kinds)))[:jobs]
    random.shuffle(kinds)
    sent = 0
    for number in range(jobs):
        if sent >= jobs:
            return
        size = min(random.randint(1, _LARGEST_BATCH), jobs - sent)
        orders = (_order(random, kinds[place], place) for place in range(sent, sent + size))
        yield Batch(sent / jobs * seconds, number, tuple(orders))
        sent += size


def _order(random: Random, kind: str, number: int) -> Order:
    return Order(str(UUID(int=random.getrandbits(128), version=4)), kind, number, random.randint(5, 120))


def _cancels(random: Random, batches: tuple[Batch, ...]) -> Iterator[Cancel]:
    for batch in batches:
        for order in batch.orders:
            if random.random() < (_CANCELLED_SHARE_OF_LONG if order.kind == "chaos.long" else _CANCELLED_SHARE):
                yield Cancel(batch.at + random.uniform(0.0, 1.0), order.id)


def _strikes(random: Random, seconds: float, faults: Sequence[Fault]) -> Iterator[Strike]:
    """Faults one after another; each kind comes once before any comes again."""
    count = max(len(faults), round(seconds / _EACH_FAULT_EVERY * len(faults)))
    deck: list[Fault] = []
    for number in range(count):
        if not deck:
            deck = random.sample(faults, len(faults))
        fault = deck.pop()
        at = (number + random.uniform(0.1, 0.9)) * seconds / count
        if fault is Fault.KILL_PRODUCER:
            at = min(at, seconds * _PRODUCER_IS_BUSY_FOR)
        pause = random.uniform(*_PAUSES.get(fault, (0.0, 0.0)))
        yield Strike(round(at, 3), fault, random.randrange(2), random.randrange(2), round(pause, 3))
