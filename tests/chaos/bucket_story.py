"""From the versions of a job's note to its attempts: who was given it, and how that ended.

Each version is written on condition of the one before, so those that were accepted form one line that nobody can bend;
it tells more than any worker knows, who may have died before an answer came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from millhand.brokers.bucket.note import Holder, Note
from millhand.core.settlement import Charge
from millhand.core.state import WAITING, Cause, State
from millhand.testing.evidence import AttemptRow
from millhand.testing.history import Claim, Ending


@dataclass(frozen=True, slots=True)
class Version:
    """A note as it was written at that instant."""

    at: int
    note: Note


@dataclass(frozen=True, slots=True)
class Story:
    """What became of a job; `state` is None if it has not ended."""

    attempts: list[AttemptRow]
    state: State | None = None
    failures: int = 0
    crashes: int = 0


def tell(job_id: str, lives: Sequence[Sequence[Version]], claims: Iterable[Claim], endings: Iterable[Ending]) -> Story:
    """The story of a job from the lines of its notes: one, or more where it was stored again after its end.

    A line after the end counts only for what was delivered in it; that nothing was is for the checker to see.
    """
    told = {(claim.worker, claim.fence) for claim in claims}
    asked = list(endings)
    story = Story([])
    for versions in lives:
        life = _life(job_id, versions, asked)
        if story.state is None:
            story = replace(life, attempts=[*story.attempts, *life.attempts])
        else:
            story.attempts.extend(row for row in life.attempts if (row.worker, row.fence) in told)
    # What was let go before anybody was told of it was no attempt.
    story.attempts[:] = [row for row in story.attempts if row.cause is not Cause.RELEASED or _is_known(row, told)]
    return story


def _life(job_id: str, versions: Sequence[Version], endings: Sequence[Ending]) -> Story:
    rows: list[AttemptRow] = []
    begun, before = 0, Note(key="")
    for version in versions:
        note = version.note
        if before.holder is not None and before.done is None and not _goes_on(before, note):
            rows.append(_ended(job_id, before, before.holder, version, begun, endings))
        if before.holder is None:
            begun = version.at
        before = note
    return Story(rows, before.done.state if before.done else None, before.failures, before.crashes)


def _goes_on(before: Note, note: Note) -> bool:
    """Whether it was a renewal, or the wish that the holder stops."""
    same = before.holder is not None and note.held_by(before.holder.token)
    return same and note.done is None


def _ended(
    job_id: str, before: Note, holder: Holder, version: Version, begun: int, endings: Sequence[Ending]
) -> AttemptRow:
    note = version.note
    charge = _charge(before, note)
    state = note.done.state if note.done else State.AVAILABLE
    by_holder = note.last is not None and note.last.token == holder.token
    row = AttemptRow(
        job_id=job_id,
        fence=before.fence,
        number=before.failures + before.crashes + 1,
        worker=holder.worker,
        claimed_at=begun,
        finished_at=version.at,
        state=state,
        cause=Cause.LEASE_EXPIRED if charge is Charge.CRASH and not by_holder else Cause.RELEASED,
        charge=charge,
    )
    return _as_asked(row, note, endings) if by_holder else row


def _charge(before: Note, note: Note) -> Charge:
    if note.crashes > before.crashes:
        return Charge.CRASH
    completed = note.done is not None and note.done.state is State.COMPLETED
    return Charge.ATTEMPT if completed or note.failures > before.failures else Charge.NOTHING


def _as_asked(row: AttemptRow, note: Note, endings: Sequence[Ending]) -> AttemptRow:
    """With what the holder said that it was; a job that was cancelled meanwhile ends so whatever was asked."""
    state = note.last.state if note.last and not note.done else row.state
    for ending in endings:
        cancelled = state is State.CANCELLED and ending.state in WAITING
        ours = (ending.worker, ending.fence, ending.charge) == (row.worker, row.fence, row.charge)
        if ours and (ending.state is state or cancelled):
            return replace(row, state=state, cause=ending.cause, failure_code=ending.code, executor=ending.executor)
    return replace(row, state=state)


def _is_known(row: AttemptRow, told: set[tuple[str, int]]) -> bool:
    return (row.worker, row.fence) in told
