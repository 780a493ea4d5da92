"""Sum what ended in each minute once the minute is over: charts read the sums, and the sums outlive the jobs.

They are made from the jobs themselves, minutes after these have ended, so that settling a job costs nothing more and no
row is written by everybody. A job may be settled long after it ended, where its worker waited out an outage or heard of
it from somebody else's broker. So a minute is looked at again when it is one minute older, then two, four and so on; a
sum only ever grows, which makes it harmless to look twice, and to look when some of the jobs were pruned or run again.
"""

from typing import Any

import sqlalchemy as sa

from millhand.core.clock import MICROSECONDS, after
from millhand.core.state import FINAL, State
from millhand.database import Database
from millhand.database.bulk import Bulk, Given, insert, insert_given
from millhand.database.tables import FINISHED, by_index, endings, in_state, jobs, marks

SUM_EVERY = 5.0
MINUTE = 60 * MICROSECONDS
ENDINGS = "endings"
"""The name of the mark up to which minutes are summed."""

_PATIENCE = 10.0
"""Seconds after a minute's end for which most of what ended in it has yet to be settled."""

_LOOKS = (0, *(2**power for power in range(14)))
"""How many minutes after it was closed a minute is looked at: the last time after more than five days."""

_MOST_MINUTES = 15
_FIRST_DAY = 86_400.0
_KEY = ("state", "minute", "queue", "kind", "fingerprint")

_Sums = dict[tuple[Any, ...], int]


class Sums:
    """Sums the minutes that are over. All workers do it, and one of them gets each minute done."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._done = 0

    async def roll_up(self) -> bool:
        """Close the next minutes that are over, some at a time; False if there were none.

        The first time ever, it begins with what ended in the last day; until it has caught up, charts count jobs.
        """
        last = _minute_of(after(self._database.clock.now(), -_PATIENCE))
        if last <= self._done:
            return False
        since = await self._database.read(summed_until)
        if since is None:
            since = await self._database.write(lambda connection: _begin(connection, last))
        until = min(last, since + _MOST_MINUTES * MINUTE)
        if since < until:
            found = await self._database.read(lambda connection: counted(connection, since, until))
            await self._database.write(lambda connection: _close(connection, since, until, found))
        self._done = max(since, until)
        return since < until


def summed_until(connection: sa.Connection) -> int | None:
    """The instant up to which minutes are summed; None if that was never begun."""
    return connection.scalar(sa.select(marks.c.at).where(marks.c.name == ENDINGS))


def _begin(connection: sa.Connection, last: int) -> int:
    """Set the first mark, unless somebody else has; returns where it stands."""
    first = connection.scalar(_FIRST, {"since": after(last, -_FIRST_DAY), "until": last})
    begun = insert(connection.dialect, marks, {"name": ENDINGS, "at": _minute_of(last if first is None else first)})
    connection.execute(begun.on_conflict_do_nothing())
    return summed_until(connection) or last


def _close(connection: sa.Connection, since: int, until: int, found: _Sums) -> None:
    """Keep what was counted and move the mark, unless somebody else has moved it meanwhile."""
    moved = sa.update(marks).where(marks.c.name == ENDINGS, marks.c.at == since).values(at=until)
    if connection.execute(moved).rowcount:
        _KEEP_HIGHEST.run(connection, [(*key, number) for key, number in sorted(found.items())])


def counted(connection: sa.Connection, since: int, until: int) -> _Sums:
    """What ended in these minutes, and in those that are to be looked at again with them."""
    found: _Sums = {}
    for look in _LOOKS:
        rows = connection.execute(_COUNTS, {"since": since - look * MINUTE, "until": until - look * MINUTE})
        found.update((tuple(key), number) for *key, number in rows)
    return found


def _minute_of(instant: int) -> int:
    return instant - instant % MINUTE


def _first() -> sa.Select[int]:
    """The first job that ended in a time."""
    ended = jobs.c.finished_at
    within = (FINISHED, ended >= sa.bindparam("since"), ended < sa.bindparam("until"))
    firsts = (sa.select(sa.func.min(ended).label("at")).where(in_state(state), *within) for state in sorted(FINAL))
    return sa.select(sa.func.min(sa.union_all(*firsts).subquery().c.at))


def _counts() -> sa.Select[*tuple[Any, ...]]:
    ended, nothing = jobs.c.finished_at, sa.literal_column("''", sa.Text)
    failed = in_state(State.DISCARDED)
    kind = sa.case((failed, jobs.c.kind), else_=nothing).label("kind")
    fingerprint = sa.case((failed, sa.func.coalesce(jobs.c.error_fingerprint, nothing)), else_=nothing)
    some = by_index(
        sa.select(
            jobs.c.state, (ended - ended % MINUTE).label("minute"), jobs.c.queue, kind, fingerprint.label("fingerprint")
        ).where(FINISHED, in_state(*sorted(FINAL)), ended >= sa.bindparam("since"), ended < sa.bindparam("until")),
        "jobs_finished",
    ).subquery()
    return sa.select(*some.c, sa.func.count()).group_by(*some.c)


def _highest(dialect: sa.Dialect, given: Given) -> sa.UpdateBase:
    new = insert_given(dialect, endings, given)
    grown = endings.c.number < new.excluded.number
    return new.on_conflict_do_update(index_elements=list(_KEY), set_={"number": new.excluded.number}, where=grown)


_FIRST = _first()
_COUNTS = _counts()
_KEEP_HIGHEST = Bulk({column.name: column for column in endings.c}, _highest)
