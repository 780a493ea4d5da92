"""How the claims of one pg-boss job ended, told from what their workers know and from what came after."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from millhand.core.clock import MICROSECONDS
from millhand.core.settlement import Charge
from millhand.core.state import FINAL, Cause, State
from millhand.testing.evidence import AttemptRow, Breach
from millhand.testing.history import Claim, Ending

NODE = "node"
"""The failure code of attempts that are not ours: pg-boss' rules decided whether they were the last."""

_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRun:
    """A run of the Node worker; `settled` is what pg-boss answered, None if no answer is known.

    One that is `managed` is settled by pg-boss' own worker, which fails a job that it could not complete.
    """

    name: str
    job_id: str
    pid: int
    attempt: int
    claimed_at: int
    began_at: int
    ended_at: int | None = None
    how: str = ""
    settled: bool | None = None
    managed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """How the job's row stands at the end; `completed_by` is the run of Node whose output it has."""

    id: str
    state: State
    retry_count: int
    crashes: int
    created_at: int
    ended_at: int
    completed_by: str = ""

    @property
    def charged(self) -> int:
        """How many attempts were charged that did not complete it."""
        return self.retry_count + (self.state is State.DISCARDED)


@dataclass(frozen=True, slots=True)
class Lease:
    """A claim, until when it was promised at most, and how its worker says it ended."""

    claim: Claim
    until: int
    ending: Ending | None = None
    run: NodeRun | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """The attempts of a job, and what in them can't be."""

    attempts: list[AttemptRow]
    breaches: list[Breach]


@dataclass(frozen=True, slots=True)
class _Draft:
    """An attempt. It may have been a failure or a lease that had run out by `open_until`: the job's counts decide."""

    row: AttemptRow
    open_until: int | None = None


def tell(final: Final, leases: Sequence[Lease], lease: float, expires_after: float) -> Told:
    """Tell the attempts of a job from its claims in order; `lease` is that of our workers, in seconds.

    A claim whose answer never reached its worker shows only in the count of the next one, after it has run out.
    """
    drafts: list[_Draft] = []
    breaches: list[Breach] = []
    expected, ended_at = 1, final.created_at
    for place, one in enumerate(leases):
        following = leases[place + 1] if place + 1 < len(leases) else None
        lost = max(0, one.claim.attempt - expected)
        drafts += [_lost(final, one.claim, expected + number, lost - number) for number in range(lost)]
        if one.claim.claimed_at - ended_at < lost * lease * MICROSECONDS:
            breaches.append(Breach("charged", final.id, f"attempt {one.claim.attempt} came before a lease had run out"))
        draft = _ours(one, following, final, expires_after) if one.run is None else _nodes(one.run, following, final)
        if one.run is not None and (text := _taken_early(one.run, draft.row, following, expires_after)):
            breaches.append(Breach("leases respected", final.id, text))
        drafts.append(draft)
        expected = one.claim.attempt + _is_charged(draft.row)
        ended_at = one.until if draft.row.rescued else draft.row.finished_at
    if lost_at_the_end := _lost_at_the_end(final, drafts, expected):
        drafts = [*drafts[:-1], *(_not_the_last(each) for each in drafts[-1:]), *lost_at_the_end]
    return Told(_decided(drafts, final.crashes), breaches)


def claim_of(run: NodeRun, expires_after: float) -> Claim:
    """The lease under which a Node worker ran: pg-boss leaves it the job for so many seconds."""
    until = run.claimed_at + round(expires_after * MICROSECONDS)
    return Claim(f"{NODE}-{run.pid}", run.job_id, run.claimed_at, run.attempt, run.claimed_at, until, run.began_at)


def _ours(one: Lease, following: Lease | None, final: Final, expires_after: float) -> _Draft:
    ending = one.ending
    if ending is not None and (ending.accepted or _happened(one, ending, following, final)):
        row = _row(one.claim, ending.state, ending.cause, ending.charge, ending.asked_at)
        told = replace(row, failure_code=ending.code, executor=ending.executor)
        in_doubt = not ending.accepted and ending.charge is Charge.ATTEMPT
        return _Draft(told, open_until=_after_lease(one, following) if in_doubt else None)
    at = final.ended_at if following is None else following.claim.claimed_at
    state = final.state if following is None and final.state is not State.COMPLETED else State.AVAILABLE
    row = _row(one.claim, state, Cause.LEASE_EXPIRED, Charge.CRASH, at)
    return _Draft(row, open_until=at if at - one.claim.claimed_at >= expires_after * MICROSECONDS else None)


def _after_lease(one: Lease, following: Lease | None) -> int | None:
    """When the job was claimed next, if the lease had run out by then."""
    at = following.claim.claimed_at if following is not None else 0
    return at if at >= one.until else None


def _happened(one: Lease, ending: Ending, following: Lease | None, final: Final) -> bool:
    """Whether a settlement was accepted whose answer was lost."""
    if ending.accepted is not None:
        return False
    if following is None:
        return ending.state is final.state or (ending.state not in FINAL and final.state is State.CANCELLED)
    charged = following.claim.attempt - one.claim.attempt
    # Claims of which nobody was told may have come in between: what is charged may have been any of them.
    return ending.state not in FINAL and (charged > 0 if _costs(ending.charge) else charged == 0)


def _nodes(run: NodeRun, following: Lease | None, final: Final) -> _Draft:
    claim = claim_of(run, 0.0)
    if final.completed_by == run.name or (run.settled and run.how == "returned"):
        return _Draft(_row(claim, State.COMPLETED, Cause.SUCCEEDED, Charge.ATTEMPT, run.ended_at or run.began_at))
    if following is None and final.state is State.CANCELLED:
        return _Draft(_row(claim, State.CANCELLED, Cause.CANCELLED, Charge.NOTHING, final.ended_at))
    at = final.ended_at if following is None else following.claim.claimed_at
    if run.how == "failed" and run.ended_at is not None:
        at = min(at, run.ended_at)
    state = State.DISCARDED if following is None and final.state is State.DISCARDED else State.RETRYABLE
    return _Draft(replace(_row(claim, state, Cause.FAILED, Charge.ATTEMPT, at), failure_code=NODE))


def _taken_early(run: NodeRun, row: AttemptRow, following: Lease | None, expires_after: float) -> str:
    """A job of a Node worker that did not end it may be taken only once its time is over."""
    handed_back = run.how == "failed" or (run.managed and run.how == "returned")
    if following is None or row.state in FINAL or handed_back:
        return ""
    too_early = run.claimed_at + expires_after * MICROSECONDS - following.claim.claimed_at
    return f"{run.name} of Node had {too_early / MICROSECONDS:.3f} s left when it was taken" if too_early > 0 else ""


def _lost(final: Final, following: Claim, number: int, left: int) -> _Draft:
    """A claim of which no worker knows; fences are instants, so there is room for it before the next one."""
    claim = Claim(_UNKNOWN, final.id, following.fence - left, number, 0, 0, 0)
    row = _row(claim, State.AVAILABLE, Cause.LEASE_EXPIRED, Charge.CRASH, following.claimed_at)
    return _Draft(row, open_until=row.finished_at)


def _lost_at_the_end(final: Final, drafts: Sequence[_Draft], expected: int) -> list[_Draft]:
    """Claims of which no worker knows, after which the job was given up."""
    if final.state is not State.DISCARDED:
        return []
    lost = range(expected, final.charged + 1)
    fence = drafts[-1].row.fence if drafts else 0
    claims = [Claim(_UNKNOWN, final.id, fence + place, number, 0, 0, 0) for place, number in enumerate(lost, 1)]
    rows = [_row(claim, State.AVAILABLE, Cause.LEASE_EXPIRED, Charge.CRASH, final.ended_at) for claim in claims]
    ends = [replace(row, state=final.state) if row is rows[-1] else row for row in rows]
    return [_Draft(row, open_until=row.finished_at) for row in ends]


def _not_the_last(draft: _Draft) -> _Draft:
    """What seemed to be the end of the job was not, as another claim came after it."""
    inferred = draft.row.cause in {Cause.LEASE_EXPIRED, Cause.FAILED}
    return replace(draft, row=replace(draft.row, state=State.AVAILABLE)) if inferred else draft


def _decided(drafts: Sequence[_Draft], crashes: int) -> list[AttemptRow]:
    """Of the attempts in doubt so many were crashes as the job counts; the others were failures by pg-boss' rules."""
    missing = crashes - sum(each.row.charge is Charge.CRASH and each.open_until is None for each in drafts)
    in_doubt = sorted((each.row for each in drafts if each.open_until is not None), key=lambda row: not row.rescued)
    crashed = {row.fence for row in in_doubt[: max(0, missing)]}
    rows: list[AttemptRow] = []
    for each in drafts:
        row, until = each.row, each.open_until
        if until is not None and row.fence in crashed:
            ran_out = {"cause": Cause.LEASE_EXPIRED, "charge": Charge.CRASH, "failure_code": ""}
            row = replace(row, finished_at=until, **ran_out)
        elif until is not None and row.charge is Charge.CRASH:
            row = replace(row, cause=Cause.FAILED, charge=Charge.ATTEMPT, failure_code=NODE)
        rows.append(row)
    return rows


def _row(claim: Claim, state: State, cause: Cause, charge: Charge, finished_at: int) -> AttemptRow:
    return AttemptRow(
        job_id=claim.job_id,
        fence=claim.fence,
        number=claim.attempt,
        worker=claim.worker,
        claimed_at=claim.claimed_at,
        finished_at=finished_at,
        state=state,
        cause=cause,
        charge=charge,
    )


def _costs(charge: Charge) -> bool:
    return charge is not Charge.NOTHING


def _is_charged(row: AttemptRow) -> bool:
    return _costs(row.charge) and row.state is not State.COMPLETED
