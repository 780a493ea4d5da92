"""What a run came to, for people: a summary, and each breach with the history of its job."""

from collections import Counter
from collections.abc import Iterator

from millhand.core.clock import MICROSECONDS
from millhand.core.settlement import Charge
from millhand.core.state import Cause
from millhand.testing.evidence import AttemptRow, Case, HandlerRun, cases_of
from millhand.testing.history import Claim, Ending, Renewal
from tests.chaos.driver import Outcome
from tests.chaos.pgboss_story import NODE

_MOST_SHOWN = 5


def summary(outcome: Outcome) -> Iterator[str]:
    """The run in numbers."""
    evidence, struck = outcome.evidence, outcome.struck
    states = Counter(str(job.state) for job in evidence.jobs)
    causes = Counter(row.cause for row in evidence.attempts)
    refused = sum(isinstance(entry, Ending) and entry.accepted is False for entry in evidence.history)
    crashes = sum(row.charge is Charge.CRASH for row in evidence.attempts)
    yield _line("jobs", len(evidence.jobs), ", ".join(f"{count} {state}" for state, count in states.most_common()))
    faults = ", ".join(f"{count} x {fault}" for fault, count in sorted(struck.counts.items()))
    yield _line("faults", struck.counts.total(), f"{faults}; {len(struck.missed)} found nothing to strike at")
    elsewhere = sum(run.worker.startswith(NODE) for run in evidence.runs)
    yield _line("attempts", len(evidence.attempts), f"{len(evidence.runs)} handler runs, {elsewhere} of them in Node")
    yield _line("crashes", crashes, f"{causes[Cause.LEASE_EXPIRED]} of them by leases that ran out")
    yield _line("released", causes[Cause.RELEASED], "interrupted, and not charged")
    yield _line("refused", refused, "settlements by workers that had lost the lease")
    yield _line("repeated", outcome.repeated, "runs that came to their end a second time")
    yield _line("seconds", round(outcome.seconds), "")
    yield _line("breaches", len(outcome.breaches), "")


def breaches(outcome: Outcome) -> Iterator[str]:
    """The first breaches, each with its job's history."""
    cases = cases_of(outcome.evidence)
    for breach in outcome.breaches[:_MOST_SHOWN]:
        yield f"BREACH {breach.rule}: {breach.job_id} {breach.text}"
        if breach.job_id in cases:
            yield from _story(cases[breach.job_id])
    for rule, count in Counter(breach.rule for breach in outcome.breaches).items():
        yield f"{count} x {rule}"
    yield from ("The faults:", *outcome.struck.log)


def _line(name: str, count: int, words: str) -> str:
    return f"{name:<10}{count:>7,}  {words}".rstrip()


def _story(case: Case) -> Iterator[str]:
    """All that is known of a job, in order of time."""
    if case.job is not None:
        yield f"    {case.job}"
    told = [line for each in (*case.claims, *case.renewals, *case.endings) for line in _told(each)]
    told += [line for each in (*case.attempts, *case.runs) for line in _seen(each)]
    for at, text in sorted(told):
        yield f"    {at / MICROSECONDS:.3f}  {text}"


def _told(entry: Claim | Renewal | Ending) -> Iterator[tuple[int, str]]:
    match entry:
        case Claim():
            yield entry.claimed_at, f"{entry.worker} leases it, fence {entry.fence}"
        case Renewal():
            yield entry.asked_at, f"{entry.worker} renews fence {entry.fence}: {entry.kept}"
        case Ending():
            what = f"{entry.state}, {entry.cause}, {entry.charge} charged"
            yield entry.asked_at, f"{entry.worker} settles fence {entry.fence}: {what}; accepted: {entry.accepted}"


def _seen(row: AttemptRow | HandlerRun) -> Iterator[tuple[int, str]]:
    match row:
        case AttemptRow():
            what = f"{row.state}, {row.cause}, {row.charge} charged {row.failure_code}"
            yield row.finished_at, f"ledger: attempt {row.number}, fence {row.fence} of {row.worker}: {what}"
        case HandlerRun():
            yield row.started_at, f"handler begins in process {row.pid} of {row.worker}"
            if row.ended_at is not None:
                yield row.ended_at, f"handler ends in process {row.pid} of {row.worker}"
