"""Divide free slots between lanes: a lane is the ready jobs of one tenant and one limit key at one priority."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lane:
    """Ready jobs that stand in one line: same priority, same tenant, same limit key. `ready` may be a bounded count."""

    priority: int
    tenant: str
    limit_key: str | None
    ready: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Concurrency limits of a queue, None for no limit: for the whole queue, each tenant, and each limit key."""

    queue: int | None = None
    tenant: int | None = None
    limit_key: int | None = None


@dataclass(frozen=True, slots=True)
class Load:
    """How many jobs of a queue run now: in all, per tenant, and per (tenant, limit key)."""

    queue: int
    tenants: Mapping[str, int]
    limit_keys: Mapping[tuple[str, str], int]


def allot(lanes: Sequence[Lane], free: int, caps: Caps, load: Load) -> dict[Lane, int]:
    """Say how many jobs to take from each lane, so that no cap is passed.

    Higher priorities are served first. Within a priority, each next slot goes to the tenant that has the fewest jobs
    running or allotted (ties: the order of `lanes`), so a tenant with a long backlog can't keep out the others.
    """
    budget = _Budget(free, caps, load)
    taken: dict[Lane, int] = {}
    for priority in sorted({lane.priority for lane in lanes}, reverse=True):
        level = [lane for lane in lanes if lane.priority == priority]
        while (lane := _next(level, taken, budget)) is not None:
            taken[lane] = taken.get(lane, 0) + 1
            budget.take(lane)
    return taken


def _next(level: Sequence[Lane], taken: Mapping[Lane, int], budget: "_Budget") -> Lane | None:
    open_lanes = [lane for lane in level if taken.get(lane, 0) < lane.ready and budget.admits(lane)]
    return min(open_lanes, key=lambda lane: budget.tenants.get(lane.tenant, 0), default=None)


class _Budget:
    """What is left to give out."""

    def __init__(self, free: int, caps: Caps, load: Load) -> None:
        self.free = free if caps.queue is None else min(free, caps.queue - load.queue)
        self.caps = caps
        self.tenants = dict(load.tenants)
        self.limit_keys = dict(load.limit_keys)

    def admits(self, lane: Lane) -> bool:
        if self.free <= 0:
            return False
        if self.caps.tenant is not None and self.tenants.get(lane.tenant, 0) >= self.caps.tenant:
            return False
        if lane.limit_key is None or self.caps.limit_key is None:
            return True
        return self.limit_keys.get((lane.tenant, lane.limit_key), 0) < self.caps.limit_key

    def take(self, lane: Lane) -> None:
        self.free -= 1
        self.tenants[lane.tenant] = self.tenants.get(lane.tenant, 0) + 1
        if lane.limit_key is not None:
            key = (lane.tenant, lane.limit_key)
            self.limit_keys[key] = self.limit_keys.get(key, 0) + 1
