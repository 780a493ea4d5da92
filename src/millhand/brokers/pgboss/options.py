"""What a producer may ask for a job, in pg-boss' own terms."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from millhand.brokers.pgboss.tables import Tables
from millhand.core.errors import NotSupported, UsageError

_LONGEST = 2**31 - 1

# The column that each option needs, where not every release has it.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "retry_delay_max": ("retry_delay_max",),
    "delete_after": ("deletion_seconds",),
    "heartbeat": ("heartbeat_seconds",),
    "group": ("group_id",),
    "group_tier": ("group_tier",),
}
_AT_LEAST = {"throttle": 1, "expire_in": 1, "retention": 1, "retry_limit": 0, "retry_delay": 0, "heartbeat": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """All durations are in whole seconds, but for `delay`. What is None comes from the queue.

    `throttle` allows one job of the `singleton_key` in each slot of that many seconds; a second one is left out, or put
    into the next slot with `next_slot` (pg-boss' singletonSeconds, singletonKey and singletonNextSlot).
    """

    id: str | None = None
    priority: int = 0
    delay: float = 0.0
    singleton_key: str | None = None
    throttle: int | None = None
    next_slot: bool = False
    retry_limit: int | None = None
    retry_delay: int | None = None
    retry_backoff: bool | None = None
    retry_delay_max: int | None = None
    expire_in: int | None = None
    retention: int | None = None
    delete_after: int | None = None
    heartbeat: int | None = None
    dead_letter: str | None = None
    group: str | None = None
    group_tier: str | None = None

    def __post_init__(self) -> None:
        """Refuse what can't be meant; raises `UsageError`."""
        for name, least in _AT_LEAST.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= _LONGEST:
                raise UsageError(f"{name} is a number from {least} on, not {value}")
        if not 0 <= self.delay <= _LONGEST:
            raise UsageError(f"delay is 0 or more seconds, not {self.delay}")
        if self.next_slot and self.throttle is None:
            raise UsageError("next_slot needs throttle, which says how long a slot is")

    def check(self, tables: Tables) -> None:
        """Refuse what these tables have no place for; raises `NotSupported`."""
        for option, columns in _COLUMNS.items():
            if getattr(self, option) is not None and not tables.job.issuperset(columns):
                raise NotSupported(f"this release of pg-boss (tables of version {tables.version}) knows no '{option}'")

    def fields(self) -> dict[str, object]:
        """All options by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}
