"""When jobs of a group failed for good, hour by hour over a day."""

from collections import Counter
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from millhand.core.state import State
from millhand.ledger.inspector.endings import Bounds, between, endings_by, extent, next_minute
from millhand.ledger.sums import MINUTE

HOURS = 24
_HOUR = 60 * MINUTE
_BOUNDS = Bounds(sums=20_000, jobs=2_000)
_FAILED = endings_by(["kind", "fingerprint"], [State.DISCARDED], _HOUR, asked="fingerprint")


def hourly(
    connection: sa.Connection, groups: Collection[tuple[str, str]], now: int
) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """How many jobs of each group, a kind and a fingerprint, failed for good in each hour up to now, oldest first.

    Hours that were not looked at in full are left out of the answer for every group. Of the last hour what was seen is
    told.
    """
    until = next_minute(now)
    since = until - HOURS * _HOUR
    asked = [fingerprint for _, fingerprint in groups]
    rows = connection.execute(_FAILED, {**between(since, until, _BOUNDS), "asked": asked}).all()
    counted = Counter[tuple[str, str, int]]()
    for *_, kind, fingerprint, hour, number in rows:
        counted[kind, fingerprint, hour] += number
    known = extent(rows, since, _BOUNDS)
    only_lately = known.whole or known.closed >= until - _HOUR
    left_out = -(-((known.first if only_lately else known.opened) - since) // _HOUR)
    whole = range(min(left_out, HOURS - 1), HOURS)
    return {group: tuple(counted[*group, hour] for hour in whole) for group in groups}
