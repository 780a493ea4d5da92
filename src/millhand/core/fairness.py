"""Divide free slots between lanes: a lane is the ready jobs of one tenant and one limit key at one priority."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heapreplace


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

    def plus(self, taken: Mapping[Lane, int]) -> "Load":
        """The load once these run as well."""
        tenants, limit_keys = dict(self.tenants), dict(self.limit_keys)
        for lane, count in taken.items():
            tenants[lane.tenant] = tenants.get(lane.tenant, 0) + count
            if lane.limit_key is not None:
                key = (lane.tenant, lane.limit_key)
                limit_keys[key] = limit_keys.get(key, 0) + count
        return Load(self.queue + sum(taken.values()), tenants, limit_keys)


def allot(lanes: Sequence[Lane], free: int, caps: Caps, load: Load) -> dict[Lane, int]:
    """Say how many jobs to take from each lane, so that no cap is passed.

    Higher priorities are served first. Within a priority, each next slot goes to the tenant that has the fewest jobs
    running or allotted (ties: the order of `lanes`), so a tenant with a long backlog can't keep out the others. The
    lanes of one tenant take turns.
    """
    budget = _Budget(free, caps, load)
    taken: dict[Lane, int] = {}
    for priority in sorted({lane.priority for lane in lanes}, reverse=True):
        level = [lane for lane in lanes if lane.priority == priority]
        if len(level) == 1:
            _serve_alone(level[0], taken, budget)
        else:
            _serve_in_turns(level, taken, budget)
    return taken


def _serve_alone(lane: Lane, taken: dict[Lane, int], budget: "_Budget") -> None:
    count = min(lane.ready, budget.room(lane))
    if count > 0:
        taken[lane] = count
        budget.take(lane, count)


def _serve_in_turns(level: Sequence[Lane], taken: dict[Lane, int], budget: "_Budget") -> None:
    """Serve the tenant with the fewest jobs next, and its lanes in turns; a lane that can give no more drops out."""
    waiting: dict[str, deque[Lane]] = {}
    for lane in level:
        waiting.setdefault(lane.tenant, deque()).append(lane)
    turns = [(budget.tenants.get(tenant, 0), order, tenant) for order, tenant in enumerate(waiting)]
    heapify(turns)
    while turns and budget.free > 0:
        _, order, tenant = turns[0]
        lane = _next_open(waiting[tenant], taken, budget)
        if lane is None:
            heappop(turns)
            continue
        taken[lane] = taken.get(lane, 0) + 1
        budget.take(lane, 1)
        heapreplace(turns, (budget.tenants[tenant], order, tenant))


def _next_open(lanes: deque[Lane], taken: Mapping[Lane, int], budget: "_Budget") -> Lane | None:
    while lanes:
        lane = lanes.popleft()
        if taken.get(lane, 0) < lane.ready and budget.room(lane) > 0:
            lanes.append(lane)
            return lane
    return None


class _Budget:
    """What is left to give out."""

    def __init__(self, free: int, caps: Caps, load: Load) -> None:
        self.free = free if caps.queue is None else min(free, caps.queue - load.queue)
        self.caps = caps
        self.tenants = dict(load.tenants)
        self.limit_keys = dict(load.limit_keys)

    def room(self, lane: Lane) -> int:
        """How many more jobs of a lane may run."""
        room = self.free
        if self.caps.tenant is not None:
            room = min(room, self.caps.tenant - self.tenants.get(lane.tenant, 0))
        if lane.limit_key is not None and self.caps.limit_key is not None:
            room = min(room, self.caps.limit_key - self.limit_keys.get((lane.tenant, lane.limit_key), 0))
        return room

    def take(self, lane: Lane, count: int) -> None:
        self.free -= count
        self.tenants[lane.tenant] = self.tenants.get(lane.tenant, 0) + count
        if lane.limit_key is not None:
            key = (lane.tenant, lane.limit_key)
            self.limit_keys[key] = self.limit_keys.get(key, 0) + count
