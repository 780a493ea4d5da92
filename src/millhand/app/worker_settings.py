"""What the settings say of the dispatcher and of history, in the words of those parts, which never read settings."""

from millhand.app.bulk import QUEUE
from millhand.config import Settings
from millhand.core.limits import MIB
from millhand.core.state import State
from millhand.ledger.retention import Retention
from millhand.worker.settings import WorkerSettings


def worker_settings(settings: Settings) -> WorkerSettings:
    """What the settings say of the dispatcher, in its own terms; 0 there means no limit here."""
    told = settings.worker
    return WorkerSettings(
        executors=told.executor_count,
        slots=told.slots,
        lease=told.lease,
        poll=told.poll,
        grace=told.grace,
        kill_after=told.kill_after,
        start_limit=told.start_limit,
        recycle_jobs=told.recycle_jobs or None,
        recycle_memory=told.recycle_memory * MIB or None,
        recycle_age=told.recycle_age or None,
        memory_limit=told.memory_limit * MIB or None,
        outage_pauses=told.outage_pauses,
    )


def served_queues(settings: Settings) -> tuple[str, ...]:
    """The queues that a worker serves, none for all of them: those of the settings, and the one of bulk actions."""
    queues = tuple(settings.worker.queues)
    return (*queues, QUEUE) if queues and not settings.broker else queues


def retention(settings: Settings) -> Retention:
    """What the settings say of history; 0 means for ever."""
    told = settings.retention
    ages = {
        State.COMPLETED: told.completed,
        State.CANCELLED: told.cancelled,
        State.DISCARDED: told.discarded,
    }
    return Retention(ages={state: age for state, age in ages.items() if age}, audit=told.audit, sums=told.sums)
