"""What ended lately, minute by minute: for charts."""

from collections import Counter

import sqlalchemy as sa

from millhand.core.state import FINAL, State
from millhand.ledger.inspector.endings import Bounds, between, endings_by, extent, next_minute
from millhand.ledger.sums import MINUTE
from millhand.ledger.views import Activity

MINUTES = 60
_BOUNDS = Bounds(sums=20_000, jobs=5_000)
_ENDED = endings_by(["queue"], sorted(FINAL), MINUTE)


def activity(connection: sa.Connection, now: int) -> Activity:
    """The endings of the last hour, the minute that it is now among them.

    Where so many ended that not all are looked at, it stops with the last closed minute, or begins later.
    """
    until = next_minute(now)
    since = until - MINUTES * MINUTE
    rows = connection.execute(_ENDED, between(since, until, _BOUNDS)).all()
    minutes = [Counter[tuple[str, State]]() for _ in range(MINUTES)]
    for *_, state, queue, place, number in rows:
        minutes[place][queue, State(state)] += number
    known = extent(rows, since, _BOUNDS)
    stretches = [(known.first, until)] if known.whole else [(known.first, known.closed), (known.opened, until)]
    first, last = max(stretches, key=lambda stretch: stretch[1] - stretch[0])
    return Activity(minutes=tuple(minutes[(first - since) // MINUTE : (last - since) // MINUTE]), until=last)
