"""A schedule as an app declares it."""

from dataclasses import dataclass

from millhand.core.cron import Cron, Missed
from millhand.core.job import Args


@dataclass(frozen=True, slots=True)
class Schedule:
    """Enqueue these arguments at each tick; `missed` says what becomes of ticks that passed while no worker ran."""

    name: str
    cron: Cron
    missed: Missed
    args: Args
    tenant: str = ""
