"""Judge a history: from what every process recorded and what the ledger holds to a list of breaches of the promises.

The promises: no job that `send` accepted is lost; each job has exactly one accepted final settlement, and one by a
worker that lost its lease is refused; no two workers hold a valid lease on a job at once; caps are kept, and an
interruption costs nothing; follow-up jobs exist exactly if the settlement that carried them was accepted.

Jobs that somebody retried by hand can't be judged: their counts begin anew.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise

from millhand.core.clock import MICROSECONDS
from millhand.core.settlement import Charge
from millhand.core.state import FINAL, WAITING, Cause, State
from millhand.testing.evidence import AttemptRow, Breach, Case, Evidence, HandlerRun, cases_of
from millhand.testing.history import Claim, Closing, Ending, Outage, Sending

_LAST_WORDS = 10 * MICROSECONDS
"""For at most so long a worker that stops tries to hand back what it holds."""


def check(evidence: Evidence) -> list[Breach]:
    """Every breach of a promise, none if all were kept. All processes must have ended before."""
    cases = cases_of(evidence)
    of_jobs = [
        Breach(rule, job_id, text)
        for job_id, case in cases.items()
        for rule, judge in _RULES.items()
        for text in judge(case, evidence)
    ]
    return [*_lost(evidence, cases), *_left_by_closed(evidence), *_follow_ups(evidence, cases), *of_jobs]


def _lost(evidence: Evidence, cases: Mapping[str, Case]) -> Iterator[Breach]:
    known = {job.id for job in evidence.jobs}
    for sending in (entry for entry in evidence.history if isinstance(entry, Sending)):
        for job_id in sending.stored or ():
            if job_id not in known:
                yield Breach("lost", job_id, "send accepted it, but the ledger does not know it")
        there = known.intersection(sending.job_ids)
        if sending.stored is None and 0 < len(there) < len(sending.job_ids):
            yield Breach("half sent", min(there), f"of {len(sending.job_ids)} jobs sent together {len(there)} exist")
    for job_id, case in cases.items():
        if case.job is None and job_id in {entry.job_id for entry in case.claims}:
            yield Breach("lost", job_id, "it was delivered, but the ledger does not know it")


def _left_by_closed(evidence: Evidence) -> Iterator[Breach]:
    """A worker that ended in good order has handed back what it held, if the broker was there to take it."""
    closed = {entry.worker: entry.at for entry in evidence.history if isinstance(entry, Closing)}
    outages = [entry for entry in evidence.history if isinstance(entry, Outage)]
    told = {(entry.worker, entry.job_id, entry.fence) for entry in evidence.history if isinstance(entry, Claim)}
    for row in evidence.attempts:
        if row.rescued and row.worker in closed and row.finished_at >= closed[row.worker]:
            # A lease that it was never told of may have been lost with the answer, whenever that was.
            known = (row.worker, row.job_id, row.fence) in told
            since = closed[row.worker] - _LAST_WORDS if known else row.claimed_at
            if not any(each.worker == row.worker and each.at >= since for each in outages):
                yield Breach(
                    "left behind", row.job_id, f"{row.worker} ended in good order and still held fence {row.fence}"
                )


def _follow_ups(evidence: Evidence, cases: Mapping[str, Case]) -> Iterator[Breach]:
    parents = {job.id: job.parent_id for job in evidence.jobs}
    promised: set[str] = set()
    for ending in (entry for entry in evidence.history if isinstance(entry, Ending) and entry.follow_ups):
        row = cases[ending.job_id].by_fence.get(ending.fence)
        accepted = row is not None and _is_of(row, ending)
        for job_id in ending.follow_ups:
            if accepted:
                promised.add(job_id)
                if parents.get(job_id) != ending.job_id:
                    yield Breach("follow-ups", ending.job_id, f"its follow-up job {job_id} is not there")
            elif job_id in parents:
                yield Breach(
                    "follow-ups", ending.job_id, f"{job_id} is there, but fence {ending.fence} was not accepted"
                )
    for job_id, parent_id in parents.items():
        if parent_id is not None and job_id not in promised:
            yield Breach("follow-ups", job_id, f"no accepted settlement of its parent {parent_id} carried it")


def _not_final(case: Case, _: Evidence) -> Iterator[str]:
    if case.job is not None and case.job.state not in FINAL:
        yield f"it is still {case.job.state}"


def _settled_once(case: Case, _: Evidence) -> Iterator[str]:
    """Exactly one attempt is final, the last one; only a job that was cancelled while it waited has none."""
    final = [row for row in case.attempts if row.state in FINAL]
    if case.job is None or (not final and case.job.state not in {State.COMPLETED, State.DISCARDED}):
        return
    if len(final) != 1:
        yield f"it has {len(final)} accepted final settlements"
        return
    if final[0] is not case.attempts[-1] or any(claim.fence > final[0].fence for claim in case.claims):
        yield f"it was delivered again after its final settlement (fence {final[0].fence})"
    if final[0].state is not case.job.state:
        yield f"it is {case.job.state}, but was settled as {final[0].state}"


def _answers(case: Case, _: Evidence) -> Iterator[str]:
    """What a worker was answered is what the ledger holds."""
    rows = case.by_fence
    for ending in case.endings:
        row = rows.get(ending.fence)
        mine = row is not None and _is_of(row, ending)
        if ending.accepted and not mine:
            yield f"{ending.worker} was told that its settlement of fence {ending.fence} was accepted; it is not there"
        if ending.accepted is False and mine:
            yield f"{ending.worker} was told that its settlement of fence {ending.fence} was refused; it is there"


def _asked_for(case: Case, _: Evidence) -> Iterator[str]:
    """Every settlement in the ledger was asked for by the worker that held the lease, with its fence."""
    for row in case.attempts:
        if not row.rescued and not any(_is_of(row, ending) for ending in case.endings):
            yield f"the ledger has a settlement of fence {row.fence} that {row.worker} never asked for"
    for claim in case.claims:
        row = case.by_fence.get(claim.fence)
        if row is None:
            yield f"{claim.worker} took fence {claim.fence}, which was neither settled nor rescued"
        elif row.worker != claim.worker:
            yield f"{claim.worker} took fence {claim.fence}, but it was settled as that of {row.worker}"


def _is_of(row: AttemptRow, ending: Ending) -> bool:
    """Whether the row is what this settlement made; a job cancelled while it ran ends cancelled whatever was asked."""
    cancelled = row.state is State.CANCELLED and ending.state in WAITING
    same = (row.state, row.cause) == (ending.state, ending.cause) or cancelled
    return same and (row.fence, row.worker, row.charge) == (ending.fence, ending.worker, ending.charge)


def _leases_apart(case: Case, _: Evidence) -> Iterator[str]:
    """Nobody is told of a lease before the one before it was settled, or had run out and was taken back."""
    for earlier, later in pairwise(claim.fence for claim in case.claims):
        if earlier == later:
            yield f"two workers hold fence {earlier}"
    for fence in {claim.fence for claim in case.claims} | set(case.by_fence):
        later = [claim.told_at for claim in case.claims if claim.fence > fence]
        if later:
            yield from _ended_before(case, fence, min(later))


def _ended_before(case: Case, fence: int, told_at: int) -> Iterator[str]:
    row = case.by_fence.get(fence)
    if row is not None and row.rescued and told_at < row.finished_at:
        yield f"it was leased again before fence {fence} was taken back"
    asked = [ending for ending in case.endings if ending.fence == fence and ending.accepted is not False]
    # A settlement whose answer was lost may be repeated at any time: the first time counts.
    if any(ending.accepted for ending in asked) and min(ending.asked_at for ending in asked) > told_at:
        yield f"a settlement of fence {fence} was accepted after the job was leased again"
    for renewal in case.renewals:
        if renewal.fence == fence and renewal.kept and renewal.asked_at > told_at:
            yield f"the lease of fence {fence} was renewed after the job was leased again"


def _leases_respected(case: Case, _: Evidence) -> Iterator[str]:
    """A lease is taken back only when it has run out."""
    ends: dict[int, int] = {claim.fence: claim.lease_until for claim in case.claims}
    for renewal in case.renewals:
        if renewal.kept:
            ends[renewal.fence] = max(ends.get(renewal.fence, 0), renewal.lease_until)
    for row in case.attempts:
        if row.rescued and row.finished_at < ends.get(row.fence, 0):
            yield f"fence {row.fence} was taken back {(ends[row.fence] - row.finished_at) / 1e6:.3f} s too early"


_CHARGES: Mapping[Cause, frozenset[Charge]] = {
    Cause.SUCCEEDED: frozenset({Charge.ATTEMPT}),
    Cause.FAILED: frozenset({Charge.ATTEMPT, Charge.NOTHING}),
    Cause.GAVE_UP: frozenset({Charge.ATTEMPT, Charge.CRASH}),
    Cause.CRASHED: frozenset({Charge.CRASH}),
    Cause.LEASE_EXPIRED: frozenset({Charge.CRASH}),
    Cause.RELEASED: frozenset({Charge.NOTHING}),
    Cause.SNOOZED: frozenset({Charge.NOTHING}),
}


def _charged_rightly(case: Case, _: Evidence) -> Iterator[str]:
    """Each end costs what its cause costs, an interruption nothing, and the job's counts are the sums."""
    failures = crashes = 0
    for row in case.attempts:
        if row.charge not in _CHARGES.get(row.cause, frozenset(Charge)):
            yield f"fence {row.fence} {row.cause}, which was charged as {row.charge}"
        if row.number != failures + crashes + 1:
            yield f"fence {row.fence} is called attempt {row.number} after {failures} failures and {crashes} crashes"
        failures += row.charge is Charge.ATTEMPT and row.state is not State.COMPLETED
        crashes += row.charge is Charge.CRASH
    if case.job is not None and (failures, crashes) != (case.job.failures, case.job.crashes):
        yield (
            f"the job counts {case.job.failures} failures and {case.job.crashes} crashes, "
            f"its attempts {failures} and {crashes}"
        )


def _caps_kept(case: Case, evidence: Evidence) -> Iterator[str]:
    """A job runs again only below both caps, and is given up only at one of them, or for a permanent failure."""
    failures = crashes = 0
    if (job := case.job) is None:
        return
    for row in case.attempts:
        failures += row.charge is Charge.ATTEMPT and row.state is not State.COMPLETED
        crashes += row.charge is Charge.CRASH
        at_cap = failures >= job.max_attempts or crashes >= job.max_crashes
        if at_cap and row.state in WAITING:
            yield f"it was to run again after {failures} failures and {crashes} crashes"
        if row.state is State.DISCARDED and not at_cap and row.failure_code not in evidence.permanent:
            yield f"it was given up after {failures} failures and {crashes} crashes ({row.failure_code})"


def _runs_apart(case: Case, _: Evidence) -> Iterator[str]:
    """Under one lease, a handler is called a second time only when the first call is over."""
    ours: dict[int, list[HandlerRun]] = defaultdict(list)
    for run in case.runs:
        ours[_fence_of(run, case)].append(run)
    for fence, runs in ours.items():
        for first, second in pairwise(runs):
            if first.ended_at is not None and first.ended_at > second.started_at:
                yield f"under fence {fence} it ran in processes {first.pid} and {second.pid} at once"


def _fence_of(run: HandlerRun, case: Case) -> int:
    """The lease under which it was called: a worker may hold a newer one, not knowing yet that it lost the older."""
    ours = (run.attempt, run.worker)
    known = [claim for claim in case.claims if (claim.attempt, claim.worker) == ours]
    return max((claim.fence for claim in known if claim.told_at <= run.started_at), default=0)


_Rule = Callable[[Case, Evidence], Iterable[str]]
_RULES: Mapping[str, _Rule] = {
    "not final": _not_final,
    "settled once": _settled_once,
    "answers": _answers,
    "asked for": _asked_for,
    "leases apart": _leases_apart,
    "leases respected": _leases_respected,
    "charges": _charged_rightly,
    "caps": _caps_kept,
    "runs apart": _runs_apart,
}
