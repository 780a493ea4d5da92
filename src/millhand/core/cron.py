"""When a schedule fires: cron expressions in a time zone, with daylight saving as Debian's cron treats it (cronsim)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice, takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from millhand.core.clock import after, as_datetime, as_instant
from millhand.core.errors import ConfigError

_MOST_MISSED = 1_000


class Missed(StrEnum):
    """What to do about the ticks that passed while no worker ran."""

    SKIP = "skip"
    ONCE = "once"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields (or six, with seconds first) read in a time zone such as `Europe/Berlin`."""

    expression: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse an expression or a zone that can't be read."""
        next(self.after(0))

    def after(self, instant: int) -> Iterator[int]:
        """The instants at which it fires after the given one, in order."""
        try:
            start = as_datetime(instant).astimezone(ZoneInfo(self.zone))
            ticks = CronSim(self.expression, start)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ConfigError(
                f"there is no time zone '{self.zone}'",
                hint="Use a name such as Europe/Berlin.",
            ) from error
        except CronSimError as error:
            raise ConfigError(
                f"'{self.expression}' is no cron expression: {error}",
                hint="Use five fields: minute hour day-of-month month day-of-week.",
            ) from error
        # In the hour that the clocks repeat, cronsim can answer with a tick of the hour's first pass.
        return (tick for tick in map(as_instant, ticks) if tick > instant)

    def explain(self) -> str:
        """The expression in plain words."""
        return CronSim(self.expression, as_datetime(0)).explain()


def due(cron: Cron, planned: int, now: int, missed: Missed, grace: float = 60.0) -> tuple[list[int], int]:
    """Which ticks to fire now, and the next planned one.

    `planned` is the tick that the schedule waits for. Ticks that are no older than `grace` seconds are on time; older
    ones were missed, and `missed` says whether to drop them, to make up for them once, or to fire each of them, the
    oldest thousand at most.
    """
    if planned > now:
        return [], planned
    following = next(cron.after(now))
    on_time_since = after(now, -grace)
    if missed is Missed.ALL or planned >= on_time_since:
        return _from_planned(cron, planned, now), following
    on_time = _until(now, cron.after(on_time_since - 1))
    if on_time or missed is Missed.SKIP:
        return on_time, following
    return _from_planned(cron, planned, now)[-1:], following


def _from_planned(cron: Cron, planned: int, now: int) -> list[int]:
    return _until(now, chain([planned], cron.after(planned)))


def _until(now: int, ticks: Iterable[int]) -> list[int]:
    return list(islice(takewhile(lambda tick: tick <= now, ticks), _MOST_MISSED))
