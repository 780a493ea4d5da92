"""What is known of a run on the tables of pg-boss, which keep no history of attempts: that is put together here.

Each claim is known from the worker that was told of it, ours or the Node one. How it ended is known from the answer
that its worker got or, where that was lost, from what came after it: the next claim, or the job's row at the end.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from millhand.core.clock import as_instant
from millhand.core.settlement import Charge
from millhand.core.state import State
from millhand.testing.evidence import AttemptRow, Evidence, HandlerRun, JobRow
from millhand.testing.history import Claim, Ending, Entry, Renewal, read_history, read_lines
from tests.chaos.evidence import Gathered, handler_runs
from tests.chaos.pgboss_ledger import contradictions
from tests.chaos.pgboss_story import NODE, Final, Lease, NodeRun, claim_of, tell
from tests.chaos.plan import LEASE

_STATES = {
    "completed": State.COMPLETED,
    "cancelled": State.CANCELLED,
    "failed": State.DISCARDED,
    "active": State.RUNNING,
    "retry": State.RETRYABLE,
    "created": State.AVAILABLE,
}
_NO_CAP = 10**6


@dataclass(frozen=True, slots=True)
class PgBossRecords:
    """A queue of a pg-boss in the database at `url`, and the journal of the Node worker on it."""

    url: str
    queue: str
    journal: Path
    expires_after: float

    async def is_done(self) -> bool:
        """Whether every job is final."""
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            live = "SELECT 1 FROM pgboss.job WHERE name = %s AND state < 'completed' LIMIT 1"
            return await (await connection.execute(live, [self.queue])).fetchone() is None

    async def evidence(self, folder: Path) -> Gathered:
        """The rows, both workers' journals, the attempts that follow from them, and what our ledger has wrong."""
        history = told_once(read_history(folder / "history"))
        node = list(_node_runs(self.journal))
        gathering = Gathering(self.expires_after, history, node)
        for row in await self._rows():
            gathering.add(row)
        runs = [*handler_runs(folder), *(_handler_run(run) for run in node)]
        gathered = gathering.gathered(runs)
        wrong = contradictions(folder, gathered.evidence.jobs, history)
        return replace(gathered, breaches=[*gathered.breaches, *wrong])

    async def _rows(self) -> list[dict[str, Any]]:
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            found = await connection.cursor(row_factory=dict_row).execute(
                "SELECT id::text, state::text, data, output, retry_count, retry_limit, created_on, completed_on"
                " FROM pgboss.job WHERE name = %s",
                [self.queue],
            )
            return await found.fetchall()


class Gathering:
    """Puts the jobs together, one after the other."""

    def __init__(self, expires_after: float, history: Sequence[Entry], node: Sequence[NodeRun]) -> None:
        self._expires_after = expires_after
        self._history = history
        self._leases = _leases(history, node, expires_after)
        self._jobs: list[JobRow] = []
        self._attempts: list[AttemptRow] = []
        self._gathered = Gathered(Evidence(history=(), jobs=(), attempts=()), [])

    def add(self, row: Mapping[str, Any]) -> None:
        """Tell the story of one job."""
        envelope = row["data"]["millhand"]
        final = _final(row, envelope)
        told = tell(final, self._leases.get(final.id, []), LEASE, self._expires_after)
        self._attempts += told.attempts
        self._gathered.breaches.extend(told.breaches)
        self._jobs.append(_job(final, envelope, told.attempts))

    def gathered(self, runs: Sequence[HandlerRun]) -> Gathered:
        """All of it. What Node did, and pg-boss itself with jobs of ours whose time was over, is told like our doings.

        One of ours may have asked in vain for an end which a job did not come to: that is another question.
        """
        node = [lease.claim for leases in self._leases.values() for lease in leases if lease.run is not None]
        asked = {_end(each) for each in self._history if isinstance(each, Ending)}
        answers = [_answered(row) for row in self._attempts if not row.rescued and _end(row) not in asked]
        evidence = Evidence(
            history=[*self._history, *node, *answers],
            jobs=self._jobs,
            attempts=self._attempts,
            runs=runs,
            permanent=frozenset({"permanent", NODE}),
        )
        return replace(self._gathered, evidence=evidence)


def told_once(history: Sequence[Entry]) -> list[Entry]:
    """The history with one entry for each settlement: asked when it was asked first, accepted if any answer says so.

    A refusal after an answer that was lost says nothing: the first call may have been accepted, and somebody else may
    have taken the job before the second. pg-boss keeps no attempts by which the repeat could be recognised then.
    """
    endings: dict[tuple[str, int], Ending] = {}
    for entry in history:
        if isinstance(entry, Ending):
            key = (entry.job_id, entry.fence)
            endings[key] = _merged(endings[key], entry) if key in endings else entry
    return [*(entry for entry in history if not isinstance(entry, Ending)), *endings.values()]


def _merged(first: Ending, repeat: Ending) -> Ending:
    return first if first.accepted is not None else replace(first, accepted=repeat.accepted or None)


def _leases(history: Sequence[Entry], node: Sequence[NodeRun], expires_after: float) -> dict[str, list[Lease]]:
    """The claims of each job in order."""
    until: dict[tuple[str, int], int] = defaultdict(int)
    for entry in history:
        if isinstance(entry, Renewal) and entry.kept:
            until[entry.job_id, entry.fence] = max(until[entry.job_id, entry.fence], entry.lease_until)
    endings = {(entry.job_id, entry.fence): entry for entry in history if isinstance(entry, Ending)}
    claims = [entry for entry in history if isinstance(entry, Claim)]
    found = [_lease(claim, until, endings) for claim in claims]
    found += [Lease(claim_of(run, expires_after), claim_of(run, expires_after).lease_until, run=run) for run in node]
    leases: dict[str, list[Lease]] = defaultdict(list)
    for lease in sorted(found, key=lambda lease: lease.claim.fence):
        leases[lease.claim.job_id].append(lease)
    return leases


def _lease(claim: Claim, until: Mapping[tuple[str, int], int], endings: Mapping[tuple[str, int], Ending]) -> Lease:
    key = (claim.job_id, claim.fence)
    return Lease(claim, max(claim.lease_until, until.get(key, 0)), ending=endings.get(key))


def _final(row: Mapping[str, Any], envelope: Mapping[str, Any]) -> Final:
    output = row["output"] or {}
    return Final(
        id=row["id"],
        state=_STATES[row["state"]],
        retry_count=row["retry_count"],
        crashes=envelope.get("crashes", 0),
        created_at=as_instant(row["created_on"]),
        ended_at=as_instant(row["completed_on"] or row["created_on"]),
        completed_by=output.get("node", ""),
    )


def _job(final: Final, envelope: Mapping[str, Any], attempts: Sequence[AttemptRow]) -> JobRow:
    """The counts of a job that was cancelled do not tell whether its last attempt was charged."""
    charged = [row for row in attempts if row.charge is not Charge.NOTHING and row.state is not State.COMPLETED]
    crashes = sum(row.charge is Charge.CRASH for row in charged)
    by_row = final.charged - final.crashes
    counts = (len(charged) - crashes, crashes) if final.state is State.CANCELLED else (by_row, final.crashes)
    own = (envelope.get("max_attempts", 5), envelope.get("max_crashes", 3))
    # pg-boss' rules know nothing of our caps, so these only tell that the job was not given up before them.
    foreign = any(row.failure_code == NODE for row in charged)
    caps = (counts[0] or _NO_CAP, _NO_CAP) if foreign and final.state is State.DISCARDED else (_NO_CAP, _NO_CAP)
    return JobRow(
        id=final.id,
        state=final.state,
        kind=envelope["kind"],
        failures=counts[0],
        crashes=counts[1],
        max_attempts=caps[0] if foreign else own[0],
        max_crashes=caps[1] if foreign else own[1],
        parent_id=envelope.get("parent_id"),
    )


def _end(one: AttemptRow | Ending) -> tuple[object, ...]:
    return (one.job_id, one.fence, one.state, one.cause, one.charge)


def _answered(row: AttemptRow) -> Ending:
    about = (row.state, row.cause, row.charge)
    return Ending(row.worker, row.job_id, row.fence, row.finished_at, *about, (), accepted=True)


def _node_runs(journal: Path) -> Iterator[NodeRun]:
    lines = list(read_lines(journal)) if journal.exists() else []
    ends = {line["run"]: line for line in lines if line.get("begins") is False}
    settled = {line["run"]: line["settled"] for line in lines if "settled" in line}
    for line in lines:
        if line.get("begins"):
            end = ends.get(line["run"], {})
            yield NodeRun(
                name=line["run"],
                job_id=line["job"],
                pid=line["pid"],
                attempt=line["attempt"],
                claimed_at=line["claimed"],
                began_at=line["at"],
                ended_at=end.get("at"),
                how=end.get("how", ""),
                settled=settled.get(line["run"]),
                managed=line["managed"],
            )


def _handler_run(run: NodeRun) -> HandlerRun:
    return HandlerRun(
        job_id=run.job_id,
        attempt=run.attempt,
        worker=claim_of(run, 0.0).worker,
        pid=run.pid,
        started_at=run.began_at,
        ended_at=run.ended_at,
    )
