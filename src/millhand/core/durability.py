"""How much of what was accepted survives a power cut."""

from enum import StrEnum


class Durability(StrEnum):
    """When a commit counts: `full` once the disk has it; `normal` may lose the last commits at a power cut.

    SQLite's `synchronous`, and on PostgreSQL `synchronous_commit`. A killed process loses nothing with either.
    """

    FULL = "full"
    NORMAL = "normal"
