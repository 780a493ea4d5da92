"""What ended lately, minute by minute: for charts. It reads the newest endings along one index, up to a limit."""

from collections import Counter
from typing import Any

import sqlalchemy as sa

from millhand.core.clock import MICROSECONDS, after
from millhand.core.state import FINAL, State
from millhand.database.tables import FINISHED, in_state, jobs
from millhand.ledger.views import Activity

MINUTES = 60
_MOST = 5_000
_MINUTE = 60 * MICROSECONDS


def activity(connection: sa.Connection, now: int) -> Activity:
    """The endings of the last hour, of each state the newest ones up to a limit.

    Minutes that the limit left out, wholly or in part, are left out of the answer for every state.
    """
    since = after(now, -60.0 * MINUTES)
    minutes = [Counter[tuple[str, State]]() for _ in range(MINUTES)]
    seen, oldest = Counter[State](), dict.fromkeys(FINAL, now)
    for row in connection.execute(sa.union_all(*(_ended(state, since, now) for state in sorted(FINAL)))):
        state = State(row.state)
        minutes[row.minute][row.queue, state] = row.number
        seen[state] += row.number
        oldest[state] = min(oldest[state], row.oldest)
    first = max([since, *(oldest[state] for state, number in seen.items() if number == _MOST)])
    left_out = -(-(first - since) // _MINUTE)
    return Activity(minutes=tuple(minutes[left_out:]), until=now)


def _ended(state: State, since: int, until: int) -> sa.Select[*tuple[Any, ...]]:
    """The newest endings in this state, by queue and minute."""
    within = (jobs.c.finished_at > since, jobs.c.finished_at <= until)
    newest = sa.select(jobs.c.finished_at, jobs.c.queue).where(FINISHED, in_state(state), *within)
    some = newest.order_by(jobs.c.finished_at.desc()).limit(_MOST).subquery()
    minute = ((some.c.finished_at - (since + 1)) // _MINUTE).label("minute")
    figures = (sa.func.count().label("number"), sa.func.min(some.c.finished_at).label("oldest"))
    named = sa.literal_column(f"'{state}'", sa.Text).label("state")
    return sa.select(named, some.c.queue, minute, *figures).group_by(some.c.queue, sa.literal_column("minute"))
