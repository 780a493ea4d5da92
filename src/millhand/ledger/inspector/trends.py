"""When jobs of a group failed for good, hour by hour over a day. It reads the newest failures along one index."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from millhand.core.clock import MICROSECONDS, after
from millhand.core.state import State
from millhand.database.tables import FINISHED, in_state, jobs

HOURS = 24
_MOST = 2_000
_HOUR = 3_600 * MICROSECONDS


def hourly(
    connection: sa.Connection, groups: Collection[tuple[str, str]], now: int
) -> Mapping[tuple[str, str], tuple[int, ...]]:
    """How many jobs of each group, a kind and a fingerprint, failed for good in each hour up to now, oldest first.

    Only the newest failures are looked at, up to a limit: hours that it left out, wholly or in part, are left out of
    the answer for every group. Of the last hour what was seen is told.
    """
    since = after(now, -3_600.0 * HOURS)
    rows = connection.execute(_FIGURES, {"since": since, "until": now, "most": _MOST}).all()
    counted = {(row.kind, row.error_fingerprint, row.hour): row.number for row in rows}
    first = min(row.first for row in rows) if sum(counted.values()) == _MOST else since
    whole = range(min(-(-(first - since) // _HOUR), HOURS - 1), HOURS)
    return {group: tuple(counted.get((*group, hour), 0) for hour in whole) for group in groups}


def _figures() -> sa.Select[str, str, int, int, int]:
    ended, since, until = jobs.c.finished_at, *(sa.bindparam(name, type_=sa.BigInteger) for name in ("since", "until"))
    newest = (
        sa.select(jobs.c.kind, jobs.c.error_fingerprint, ended, ((ended - since - 1) // _HOUR).label("hour"))
        .where(FINISHED, in_state(State.DISCARDED), ended > since, ended <= until)
        .order_by(ended.desc())
        .limit(sa.bindparam("most"))
        .subquery()
    ).c
    group = (newest.kind, newest.error_fingerprint, newest.hour)
    figures = sa.select(*group, sa.func.count().label("number"), sa.func.min(newest.finished_at).label("first"))
    return figures.group_by(*group)


_FIGURES = _figures()
