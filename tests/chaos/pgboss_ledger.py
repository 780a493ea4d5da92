"""What the ledger of our workers says of the jobs of a pg-boss: it may be behind, but it never says what is not so."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from millhand.core.state import FINAL, State
from millhand.testing.evidence import Breach, JobRow
from millhand.testing.history import Claim, Entry


def contradictions(folder: Path, jobs: Sequence[JobRow], history: Sequence[Entry]) -> Iterator[Breach]:
    """Jobs that it has as ended in another way, and jobs that were delivered, by our own history, and not noted."""
    with closing(sqlite3.connect(folder / "data" / "millhand.db")) as ledger:
        noted = {job_id: State(state) for job_id, state in ledger.execute("SELECT id, state FROM jobs")}
    delivered = {entry.job_id for entry in history if isinstance(entry, Claim)}
    for job in jobs:
        said = noted.get(job.id)
        if said is None and job.id in delivered:
            yield Breach("ledger", job.id, "it was delivered, but the ledger does not know it")
        elif said in FINAL and said is not job.state:
            yield Breach("ledger", job.id, f"it is {job.state}, but the ledger has it as {said}")
