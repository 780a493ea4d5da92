"""When a job that somebody else sent runs again: by the rules in its own row, as pg-boss' client reckons."""

from dataclasses import dataclass
from typing import Self

from millhand.brokers.pgboss.connections import Row
from millhand.brokers.pgboss.tables import Tables
from millhand.core.retry import LONGEST_WAIT, RetryPolicy

_MOST_DOUBLINGS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBackoff(RetryPolicy):
    """`base` is the row's retry_delay, in seconds.

    With `exponential`, the wait doubles with each failure and is spread up to its double; `additive` is how the
    releases from 11.0 to 12.5 do it, which only add that to the base.
    """

    base: float
    exponential: bool
    additive: bool = False

    @classmethod
    def of(cls, row: Row, tables: Tables) -> Self:
        """Read the columns of a job."""
        additive = "expire_seconds" in tables.job and "group_id" not in tables.job
        # From 12.26 on a base of 0 counts as 1; older rows with a base of 0 wait for nothing.
        least = 0 if additive or "expire_in" in tables.job else 1
        exponential = row["retry_backoff"]
        most = row.get("retry_delay_max")
        return cls(
            base=max(row["retry_delay"], least) if exponential else row["retry_delay"],
            exponential=exponential,
            additive=additive,
            cap=LONGEST_WAIT if most is None else float(most),
        )

    def delay(self, failures: int, random: float) -> float:
        """Seconds to wait after that many failures (1 or more); `random` in [0, 1) spreads them."""
        if not self.exponential:
            return self.base
        spread = 2.0 ** min(_MOST_DOUBLINGS, failures) / 2 * (1 + random)
        return min(self.cap, self.base + spread if self.additive else self.base * spread)
