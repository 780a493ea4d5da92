"""The first page of the dashboard: everything at a glance, by five statements."""

from collections.abc import Sequence

import sqlalchemy as sa

from millhand.core.ports import QueueStats
from millhand.core.state import State
from millhand.database.tables import in_state
from millhand.ledger.inspector.activity import activity
from millhand.ledger.inspector.jobs import newest
from millhand.ledger.inspector.overview import RUNNING_NOW, figures
from millhand.ledger.inspector.queues import views
from millhand.ledger.inspector.workers import all_workers
from millhand.ledger.views import Board

_LATELY_FAILED = ([in_state(State.DISCARDED)], 8)


def board(connection: sa.Connection, stats: Sequence[QueueStats], now: int, silent_since: int) -> Board:
    """How everything stands now; `stats` is what the broker says of the queues."""
    workers = all_workers(connection, silent_since)
    running, failed = newest(connection, RUNNING_NOW, _LATELY_FAILED)
    return Board(
        figures=figures(connection, now, workers, running),
        queues=views(connection, stats, workers),
        workers=workers,
        failed=tuple(failed),
        activity=activity(connection, now),
    )
