"""What ended when, for charts: the sums of the minutes that are closed, and the index of jobs for those that are open.

One statement reads both, on one snapshot, so that nothing is counted twice or left out while a minute is being closed.
Each part is bounded; what its bound leaves out is known afterwards.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from millhand.core.state import State
from millhand.database.tables import FINISHED, endings, in_state, jobs, marks
from millhand.ledger.sums import ENDINGS, MINUTE

_OF_JOB = {"queue": jobs.c.queue, "kind": jobs.c.kind, "fingerprint": jobs.c.error_fingerprint}


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many sums of closed minutes are read of each state, and how many jobs that ended in open ones."""

    sums: int
    jobs: int


@dataclass(frozen=True, slots=True)
class Extent:
    """What was read in full: the closed minutes from `first` to `closed`, and the open ones from `opened` on."""

    first: int
    closed: int
    opened: int

    @property
    def whole(self) -> bool:
        """Whether nothing was left out between the first minute and now."""
        return self.opened == self.closed


def endings_by(
    names: Sequence[str], states: Sequence[State], unit: int, *, asked: str = ""
) -> sa.CompoundSelect[*tuple[Any, ...]]:
    """How many jobs ended in these states, by what is named and by the place of the time `unit` since the beginning.

    Its parameters are those that `between` gives, and `asked` where one of the names is: of that one, only those asked
    for are told apart, the others are told as one without a name. Its rows begin with what `extent` looks at, and end
    with what is named, the place and the number.
    """
    closed, still_open = ([part(names, state) for state in states] for part in (_of_closed, _of_open))
    return sa.union_all(*(_summed(part, names, unit, asked) for part in (*closed, *still_open)))


def between(since: int, until: int, bounds: Bounds) -> Mapping[str, int]:
    """What such a statement is told; the instants are at the edge of a minute."""
    return {"since": since, "until": until, "sums": bounds.sums, "jobs": bounds.jobs}


def extent(rows: Sequence[sa.Row[*tuple[Any, ...]]], since: int, bounds: Bounds) -> Extent:
    """What these rows tell of in full, from `since` on."""
    seen, oldest = Counter[tuple[str, bool]](), dict[tuple[str, bool], int]()
    for _, is_open, number, at, state, *_ in rows:
        part = state, bool(is_open)
        seen[part] += number
        oldest[part] = min(at, oldest.get(part, at))

    def first(*, is_open: bool, bound: int, otherwise: int) -> int:
        full = [part for part, number in seen.items() if part[1] is is_open and number >= bound]
        return max([otherwise, *(next_minute(oldest[part]) for part in full)])

    closed = rows[0].closed if rows else since
    return Extent(
        first=first(is_open=False, bound=bounds.sums, otherwise=since),
        closed=closed,
        opened=first(is_open=True, bound=bounds.jobs, otherwise=closed),
    )


def next_minute(instant: int) -> int:
    """The end of the minute that an instant is in."""
    return instant - instant % MINUTE + MINUTE


def _of_closed(names: Sequence[str], state: State) -> sa.Subquery:
    """The newest sums."""
    found = (endings.c.state == _literal(state), endings.c.minute >= _SINCE, endings.c.minute < _closed_until())
    columns = (endings.c.minute.label("at"), endings.c.number, *(endings.c[name] for name in names))
    newest = sa.select(_literal(state).label("state"), sa.literal_column("0", sa.Integer).label("open"), *columns)
    return newest.where(*found).order_by(endings.c.minute.desc()).limit(sa.bindparam("sums")).subquery()


def _of_open(names: Sequence[str], state: State) -> sa.Subquery:
    """The jobs that ended last, since the closed minutes."""
    ended, one = jobs.c.finished_at, sa.literal_column("1", sa.BigInteger)
    columns = (ended.label("at"), one.label("number"), *(_OF_JOB[name].label(name) for name in names))
    newest = sa.select(_literal(state).label("state"), sa.literal_column("1", sa.Integer).label("open"), *columns)
    found = (FINISHED, in_state(state), ended >= _closed_until(), ended < _UNTIL)
    return newest.where(*found).order_by(ended.desc()).limit(sa.bindparam("jobs")).subquery()


def _summed(part: sa.Subquery, names: Sequence[str], unit: int, asked: str) -> sa.Select[*tuple[Any, ...]]:
    place = ((part.c.at - _SINCE) // unit).label("place")
    named = [_if_asked(part.c[name]) if name == asked else part.c[name] for name in names]
    told = sa.select(part.c.state, part.c.open, part.c.at, part.c.number, *named, place).subquery().c
    by = (told.state, *(told[name] for name in names), told.place)
    seen = (_closed_until().label("closed"), told.open, sa.func.count().label("seen"), sa.func.min(told.at))
    return sa.select(*seen, *by, sa.cast(sa.func.sum(told.number), sa.BigInteger)).group_by(told.open, *by)


def _if_asked(column: sa.ColumnElement[str]) -> sa.Label[str]:
    is_asked = column.in_(sa.bindparam("asked", expanding=True))
    return sa.case((is_asked, column), else_=_literal("")).label(column.key)


def _closed_until() -> sa.ScalarSelect[int]:
    """The end of the closed minutes; where nobody sums any, there are none, and all are open."""
    summed = sa.select(marks.c.at).where(marks.c.name == _literal(ENDINGS))
    return sa.select(sa.func.max(sa.union_all(summed, sa.select(_SINCE)).subquery().c.at)).scalar_subquery()


def _literal(word: str) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{word}'", sa.Text)


_SINCE, _UNTIL = (sa.bindparam(name, type_=sa.BigInteger) for name in ("since", "until"))
