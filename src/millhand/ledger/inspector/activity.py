"""What ended lately, minute by minute: for charts. It reads the newest endings along one index, up to a limit."""

from collections import Counter

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
    first = since
    minutes = [Counter[tuple[str, State]]() for _ in range(MINUTES)]
    for state in sorted(FINAL):
        ended = sa.select(jobs.c.finished_at, jobs.c.queue).where(
            FINISHED, in_state(state), jobs.c.finished_at > since, jobs.c.finished_at <= now
        )
        rows = connection.execute(ended.order_by(jobs.c.finished_at.desc()).limit(_MOST)).all()
        for row in rows:
            minutes[(row.finished_at - since - 1) // _MINUTE][row.queue, state] += 1
        if len(rows) == _MOST:
            first = max(first, rows[-1].finished_at)
    left_out = -(-(first - since) // _MINUTE)
    return Activity(minutes=tuple(minutes[left_out:]), until=now)
