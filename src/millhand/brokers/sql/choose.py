"""Choose among the ready jobs of a queue: by priority, fairly among lanes, and within limits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, zip_longest

import sqlalchemy as sa

from millhand.brokers.sql import lanes, queues
from millhand.brokers.sql.lanes import Heads, LanePlace
from millhand.core.fairness import Lane, Load, allot

_MOST_PRIORITIES = 64
_SHALLOW = 4
_MOST_TURNS_KEPT = 10_000
_ABOVE_ALL = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Choice:
    """The numbers of the jobs to claim, and of others in case somebody else was quicker, in the order of their turn."""

    seqs: list[int]
    spare: list[int]


class Chooser:
    """Keeps in mind which lane was served last; each worker does so for itself."""

    def __init__(self) -> None:
        self._turns: dict[tuple[str, int], LanePlace] = {}

    def choose(self, connection: sa.Connection, queue: queues.Queue, limit: int) -> Choice:
        """Up to `limit` jobs of a queue, and what else was seen on the way."""
        load = queues.load_of(connection, queue.name)
        choice = Choice([], [])
        priority = lanes.next_priority(connection, queue.name, _ABOVE_ALL)
        for _ in range(_MOST_PRIORITIES):
            if priority is None or len(choice.seqs) >= limit or _is_full(queue, load):
                break
            level = _Level(queue, priority, limit - len(choice.seqs), load)
            load = load.plus(self._choose_in(connection, level, choice))
            priority = lanes.next_priority(connection, queue.name, priority)
        return choice

    def _choose_in(self, connection: sa.Connection, level: "_Level", choice: Choice) -> dict[Lane, int]:
        """Choose among the lanes of one priority: look at few jobs of each first, at more if that cut one short."""
        turn = (level.queue.name, level.priority)
        depth = min(_SHALLOW, level.free)
        heads, taken = level.allot(connection, self._turns.get(turn), depth)
        if depth < level.free and depth in taken.values():
            heads, taken = level.allot(connection, self._turns.get(turn), level.free)
        self._remember(turn, heads, taken)
        counts = {_place(lane): count for lane, count in taken.items()}
        choice.seqs.extend(seq for place, count in counts.items() for seq in heads[place][:count])
        choice.spare.extend(_left_over(heads, counts))
        return taken

    def _remember(self, turn: tuple[str, int], heads: Heads, taken: Mapping[Lane, int]) -> None:
        """The next claim begins behind the last lane served, or behind all seen if all are at their limits."""
        if len(self._turns) > _MOST_TURNS_KEPT:
            self._turns.clear()
        served = {_place(lane) for lane in taken}
        last = next((place for place in reversed(heads) if place in served), None)
        if last is not None:
            self._turns[turn] = last
        elif len(heads) >= lanes.MOST_LANES:
            self._turns[turn] = next(reversed(heads))


@dataclass(frozen=True, slots=True)
class _Level:
    """The ready jobs of one priority in one queue, and how many may be taken of them."""

    queue: queues.Queue
    priority: int
    free: int
    load: Load

    def allot(self, connection: sa.Connection, after: LanePlace | None, depth: int) -> tuple[Heads, dict[Lane, int]]:
        """What to take, if no more than `depth` jobs of each lane are looked at."""
        heads = lanes.heads(connection, self.queue.name, self.priority, after, depth)
        return heads, allot(self._lanes(heads), self.free, self.queue.caps, self.load)

    def _lanes(self, heads: Heads) -> list[Lane]:
        return [
            Lane(self.priority, tenant, limit_key or None, len(seqs)) for (tenant, limit_key), seqs in heads.items()
        ]


def _left_over(heads: Heads, counts: Mapping[LanePlace, int]) -> Iterator[int]:
    """What was seen and not chosen, the lanes taking turns."""
    rests = (seqs[counts.get(place, 0) :] for place, seqs in heads.items())
    return (seq for seq in chain.from_iterable(zip_longest(*rests)) if seq is not None)


def _place(lane: Lane) -> LanePlace:
    return lane.tenant, lane.limit_key or ""


def _is_full(queue: queues.Queue, load: Load) -> bool:
    return queue.caps.queue is not None and load.queue >= queue.caps.queue
