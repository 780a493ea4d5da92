"""The version of what a job carries: one that this millhand can't read is refused rather than guessed at."""

from millhand.core.errors import Permanent
from millhand.core.job import ENVELOPE_VERSION


def check_version(version: int) -> None:
    """Refuse an envelope that this version can't read, rather than to guess; raises `Permanent`."""
    if version != ENVELOPE_VERSION:
        raise Permanent(
            f"the job's envelope has version {version}, this worker reads {ENVELOPE_VERSION}",
            code="unknown_version",
            hint="A newer millhand sent it: upgrade this worker, then retry the job.",
        )
