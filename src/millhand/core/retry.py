"""Retry policies as data: from the number of failed attempts to the seconds to wait."""

from dataclasses import dataclass
from typing import Self

from millhand.core.errors import ConfigError

DEFAULT_MAX_ATTEMPTS = 5
DEFAULT_MAX_CRASHES = 3
LONGEST_WAIT = 10 * 365 * 86_400.0
"""Seconds that any job may be put off; more is taken for a mistake."""

_LARGEST_FACTOR = 1_000.0
_MOST_STEPS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a failed job is tried, and how long it waits in between.

    Either `delays` lists the seconds before each further attempt (the last one repeats), or the wait grows from
    `first` by `factor` up to `cap`. `jitter` spreads each wait by up to that share, up and down, so that jobs that
    failed together do not come back together. `max_attempts` counts attempts that failed; `max_crashes` counts, apart
    from them, the times that the job took its executor down or outlived its lease.
    """

    max_attempts: int = DEFAULT_MAX_ATTEMPTS
    max_crashes: int = DEFAULT_MAX_CRASHES
    delays: tuple[float, ...] = ()
    first: float = 5.0
    factor: float = 3.0
    cap: float = 3600.0
    jitter: float = 0.1

    def __post_init__(self) -> None:
        """Refuse a policy that can't be meant."""
        if self.max_attempts < 1 or self.max_crashes < 1:
            raise ConfigError("a retry policy needs at least one attempt and one crash before it gives up")
        if not all(0 <= wait <= LONGEST_WAIT for wait in (self.first, self.cap, *self.delays)):
            raise ConfigError(f"a retry policy needs waits of 0 to {LONGEST_WAIT:.0f} s")
        if not (1 <= self.factor <= _LARGEST_FACTOR and 0 <= self.jitter <= 1):
            raise ConfigError(f"a retry policy needs a factor of 1 to {_LARGEST_FACTOR:g} and a jitter of 0 to 1")

    @classmethod
    def fixed(cls, *delays: float, jitter: float = 0.0) -> Self:
        """Try once, and once more after each of these waits, in seconds: `RetryPolicy.fixed(60, 180, 600)`."""
        return cls(max_attempts=len(delays) + 1, delays=delays, jitter=jitter)

    def delay(self, failures: int, random: float) -> float:
        """Seconds to wait after that many failures (1 or more); `random` in [0, 1) decides the jitter."""
        return max(0.0, self._base(failures) * (1 + self.jitter * (2 * random - 1)))

    def _base(self, failures: int) -> float:
        if self.delays:
            return self.delays[min(failures, len(self.delays)) - 1]
        return min(self.cap, self.first * self.factor ** min(failures - 1, _MOST_STEPS))
