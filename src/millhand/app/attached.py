"""What an app may bring along beside its kinds: observers and duties for its workers, and checks for the doctor."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from millhand.core.finding import Finding
from millhand.core.ports import Observer, QueueStats
from millhand.telemetry.metrics import Metrics

MakeObserver = Callable[[Metrics], Observer]
"""Makes an observer for one worker, whose metrics it may add to."""

Check = Callable[[], Awaitable[Iterable[Finding]]]
"""Looks whether something that the app works with is as it should be."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """How a worker stands at one moment: its name, whether it can take work, and its queues as it saw them last."""

    worker: str
    ready: Sequence[Finding]
    queues: Sequence[QueueStats]


@dataclass(frozen=True, slots=True)
class Duty:
    """What a worker does every so many seconds beside running jobs.

    A `BrokerUnavailable` from it is waited out like any outage; every other error ends the worker.
    """

    name: str
    every: float
    do: Callable[[Pulse], Awaitable[object]]
