"""What people wish of a worker while it runs."""

from enum import StrEnum


class Wish(StrEnum):
    """What a worker shall do: take jobs, take none for now, or end as after SIGTERM. A stop is not taken back."""

    WORK = "work"
    QUIET = "quiet"
    STOP = "stop"
