"""What an app may bring along beside its kinds: observers for its workers, and checks for the doctor."""

from collections.abc import Awaitable, Callable, Iterable

from millhand.core.finding import Finding
from millhand.core.ports import Observer
from millhand.telemetry.metrics import Metrics

MakeObserver = Callable[[Metrics], Observer]
"""Makes an observer for one worker, whose metrics it may add to."""

Check = Callable[[], Awaitable[Iterable[Finding]]]
"""Looks whether something that the app works with is as it should be."""
