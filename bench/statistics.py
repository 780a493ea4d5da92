"""Numbers out of repeated measurements: spreads, percentiles, and ratios against a contender of reference."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Better: TypeAlias = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some repeats, with the least and the greatest of them."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values))


def percentile(values: Sequence[float], share: float) -> float:
    """The least value that at least `share` of the values (0 to 1) do not exceed: the nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def advantage(ours: float, theirs: float, better: Better) -> float | None:
    """How many times better `ours` is: 2.0 is twice as fast or half as much, below 1 is worse. None beside a 0."""
    if ours == 0 or theirs == 0:
        return None
    return ours / theirs if better == "higher" else theirs / ours


def rate_after_start(starts: Sequence[tuple[float, int]], processes: int, end: float) -> float:
    """Jobs a second, by the moments at which they started and the process of each.

    The clock starts with the first job of the last of the `processes` to begin, so that the start-up of a worker is
    not measured; if that comes only after a tenth of the jobs, with the first job of all. It ends at `end`.
    """
    ordered = sorted(starts)
    seen: set[int] = set()
    first = 0
    for number, (_, process) in enumerate(ordered[: len(ordered) // 10 + 1]):
        seen.add(process)
        if len(seen) == processes:
            first = number
            break
    return (len(ordered) - first) / (end - ordered[first][0])
