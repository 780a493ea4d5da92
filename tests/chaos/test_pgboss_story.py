"""From claims and answers to attempts: each kind of end is told, and what can't be is found."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.testing.checker import check
from millhand.testing.evidence import JobRow
from millhand.testing.history import Claim, Ending
from tests.chaos.pgboss_ledger import contradictions
from tests.chaos.pgboss_records import Gathering, told_once
from tests.chaos.pgboss_story import Final, Lease, NodeRun, Told, claim_of, tell

SECOND = 1_000_000
LEASE, EXPIRES = 2.0, 10.0
DONE = Final(id="j", state=State.COMPLETED, retry_count=0, crashes=0, created_at=0, ended_at=99 * SECOND)


def ours(at: float, attempt: int = 1, ending: Ending | None = None) -> Lease:
    """A claim of our worker, at that second."""
    instant = round(at * SECOND)
    until = instant + 2 * SECOND
    return Lease(Claim("w", "j", instant, attempt, instant, until, instant), until, ending=ending)


def settled(at: float, state: State, charge: Charge = Charge.ATTEMPT, *, accepted: bool | None = True) -> Ending:
    """What our worker says of a claim of that second, one second later."""
    causes = {State.COMPLETED: Cause.SUCCEEDED, State.RETRYABLE: Cause.FAILED, State.AVAILABLE: Cause.RELEASED}
    begun = round(at * SECOND)
    return Ending("w", "j", begun, begun + SECOND, state, causes[state], charge, (), accepted)


def nodes(at: float, attempt: int = 1, **told: object) -> Lease:
    """A run of Node, at that second."""
    instant = round(at * SECOND)
    run = NodeRun(name=f"1.{attempt}", job_id="j", pid=1, attempt=attempt, claimed_at=instant, began_at=instant)
    run = replace(run, **told)
    return Lease(claim_of(run, EXPIRES), instant + 10 * SECOND, run=run)


def told(final: Final, *leases: Lease) -> Told:
    return tell(final, leases, LEASE, EXPIRES)


def ends(final: Final, *leases: Lease) -> list[tuple[Cause, Charge]]:
    """How the attempts ended, if nothing is wrong."""
    story = told(final, *leases)
    assert story.breaches == []
    return [(row.cause, row.charge) for row in story.attempts]


RAN_OUT = (Cause.LEASE_EXPIRED, Charge.CRASH)
FAILED = (Cause.FAILED, Charge.ATTEMPT)
SUCCEEDED = (Cause.SUCCEEDED, Charge.ATTEMPT)
RELEASED = (Cause.RELEASED, Charge.NOTHING)


def test_answers_are_believed() -> None:
    first = ours(1, ending=settled(1, State.AVAILABLE, Charge.NOTHING))
    second = ours(5, ending=settled(5, State.RETRYABLE))
    third = ours(9, attempt=2, ending=settled(9, State.COMPLETED))
    assert ends(replace(DONE, retry_count=1), first, second, third) == [RELEASED, FAILED, SUCCEEDED]


def test_an_answer_that_was_lost_follows_from_what_came_after() -> None:
    lost = settled(1, State.AVAILABLE, Charge.NOTHING, accepted=None)
    again = ours(5, ending=settled(5, State.COMPLETED))
    assert ends(DONE, ours(1, ending=lost), again) == [RELEASED, SUCCEEDED]
    later = ours(5, attempt=2, ending=settled(5, State.COMPLETED))
    assert ends(replace(DONE, retry_count=1, crashes=1), ours(1, ending=lost), later) == [RAN_OUT, SUCCEEDED]
    assert ends(DONE, ours(1, ending=settled(1, State.COMPLETED, accepted=None))) == [SUCCEEDED]


def test_a_refusal_after_an_answer_that_was_lost_leaves_it_in_doubt() -> None:
    lost = settled(1, State.AVAILABLE, Charge.NOTHING, accepted=None)
    refused = replace(lost, asked_at=lost.asked_at + SECOND, accepted=False)
    assert told_once([lost, refused]) == [lost]
    assert told_once([lost, replace(refused, accepted=True)]) == [replace(lost, accepted=True)]
    other = settled(5, State.COMPLETED, accepted=False)
    assert told_once([lost, other]) == [lost, other]


def test_the_jobs_own_count_decides_between_a_failure_and_a_crash() -> None:
    lost = ours(1, ending=settled(1, State.RETRYABLE, accepted=None))
    again = ours(5, attempt=2, ending=settled(5, State.COMPLETED))
    assert ends(replace(DONE, retry_count=1), lost, again) == [FAILED, SUCCEEDED]
    crashed = replace(DONE, retry_count=1, crashes=1)
    assert ends(crashed, lost, again) == [RAN_OUT, SUCCEEDED]
    assert told(crashed, lost, again).attempts[0].finished_at >= lost.until  # not when its worker asked in vain


def test_a_claim_that_nobody_was_told_of_shows_in_the_next_count() -> None:
    late = ours(5, attempt=2, ending=settled(5, State.COMPLETED))
    assert ends(replace(DONE, retry_count=1, crashes=1), late) == [RAN_OUT, SUCCEEDED]
    early = ours(1, attempt=2, ending=settled(1, State.COMPLETED))
    story = told(replace(DONE, retry_count=1, crashes=1), early)
    assert [breach.rule for breach in story.breaches] == ["charged"]


def test_a_claim_that_nobody_was_told_of_may_follow_a_settlement_whose_answer_was_lost() -> None:
    last = ours(9, attempt=3, ending=settled(9, State.COMPLETED))
    failed = ours(1, ending=settled(1, State.RETRYABLE, accepted=None))
    assert ends(replace(DONE, retry_count=2, crashes=1), failed, last) == [FAILED, RAN_OUT, SUCCEEDED]
    assert ends(replace(DONE, retry_count=2, crashes=2), failed, last) == [RAN_OUT, RAN_OUT, SUCCEEDED]
    released = ours(1, ending=settled(1, State.AVAILABLE, Charge.NOTHING, accepted=None))
    assert ends(replace(DONE, retry_count=2, crashes=2), released, last) == [RAN_OUT, RAN_OUT, SUCCEEDED]
    soon = ours(4, attempt=3, ending=settled(4, State.COMPLETED))
    story = told(replace(DONE, retry_count=2, crashes=2), released, soon)
    assert [breach.rule for breach in story.breaches] == ["charged"]


def test_what_node_completed_has_its_mark_or_its_answer() -> None:
    run = nodes(1, ended_at=2 * SECOND, how="returned")
    assert ends(replace(DONE, completed_by="1.1"), run) == [SUCCEEDED]
    assert ends(DONE, nodes(1, ended_at=2 * SECOND, how="returned", settled=True)) == [SUCCEEDED]
    assert ends(DONE, run) == [FAILED]  # which the checker then finds, as nobody completed the job


def test_a_job_of_a_node_that_died_comes_back_when_its_time_is_over() -> None:
    again = ours(12, attempt=2, ending=settled(12, State.COMPLETED))
    assert ends(replace(DONE, retry_count=1), nodes(1), again) == [FAILED, SUCCEEDED]
    early = ours(8, attempt=2, ending=settled(8, State.COMPLETED))
    story = told(replace(DONE, retry_count=1), nodes(1), early)
    assert [breach.rule for breach in story.breaches] == ["leases respected"]


def test_pg_boss_fails_a_job_that_it_could_not_complete() -> None:
    again = ours(8, attempt=2, ending=settled(8, State.COMPLETED))
    run = nodes(1, ended_at=2 * SECOND, how="returned", managed=True)
    assert ends(replace(DONE, retry_count=1), run, again) == [FAILED, SUCCEEDED]
    by_hand = nodes(1, ended_at=2 * SECOND, how="returned")
    assert told(replace(DONE, retry_count=1), by_hand, again).breaches


def test_an_end_that_a_worker_asked_for_in_vain_is_not_mistaken_for_the_one_that_came() -> None:
    """Ours wanted to hand the job back uncharged, but the server was away until pg-boss' rules had failed the job."""
    lost = replace(settled(1, State.RETRYABLE, Charge.NOTHING, accepted=None), cause=Cause.FAILED)
    again = nodes(30, attempt=2, ended_at=31 * SECOND, how="returned", settled=True)
    assert again.run is not None
    gathering = Gathering(EXPIRES, [ours(1).claim, lost], [again.run])
    times = {"created_on": datetime.fromtimestamp(0, UTC), "completed_on": datetime.fromtimestamp(31, UTC)}
    envelope = {"kind": "chaos.quick", "max_attempts": 4, "max_crashes": 10}
    row = {"id": "j", "state": "completed", "data": {"millhand": envelope}, "output": {"node": again.run.name}}
    gathering.add({**row, **times, "retry_count": 1, "retry_limit": 12})
    gathered = gathering.gathered([])
    assert [row.charge for row in gathered.evidence.attempts] == [Charge.ATTEMPT, Charge.ATTEMPT]
    assert [*gathered.breaches, *check(gathered.evidence)] == []


def test_claims_lost_at_the_end_give_a_job_up() -> None:
    final = replace(DONE, state=State.DISCARDED, retry_count=2, crashes=3)
    story = told(final, ours(1), ours(5, attempt=2))
    assert [(row.state, row.cause) for row in story.attempts] == [
        (State.AVAILABLE, Cause.LEASE_EXPIRED),
        (State.AVAILABLE, Cause.LEASE_EXPIRED),
        (State.DISCARDED, Cause.LEASE_EXPIRED),
    ]


def test_a_ledger_that_says_what_is_not_so_is_found(tmp_path: Path) -> None:
    noted = {"well": "completed", "behind": "running", "wrong": "discarded"}
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data" / "millhand.db")) as ledger:
        ledger.execute("CREATE TABLE jobs (id TEXT, state TEXT)")
        ledger.executemany("INSERT INTO jobs VALUES (?, ?)", noted.items())
        ledger.commit()
    jobs = [JobRow(id=job_id, state=State.COMPLETED) for job_id in (*noted, "missing", "of others")]
    history = [replace(ours(1).claim, job_id="missing")]
    assert [breach.job_id for breach in contradictions(tmp_path, jobs, history)] == ["wrong", "missing"]
