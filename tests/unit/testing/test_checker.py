"""The checker finds each kind of breach in a history spoilt by hand, and none in a good one."""

from dataclasses import replace

from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.testing.evidence import HandlerRun, JobRow
from millhand.testing.history import Claim, Closing, Ending, Outage, Renewal, Sending
from tests.unit.testing.cases import LEASE, SECOND, Story


def test_a_rough_but_correct_life_breaks_nothing() -> None:
    story = Story()
    for cause in (Cause.FAILED, Cause.RELEASED, Cause.CRASHED, Cause.LEASE_EXPIRED, Cause.FAILED):
        story.attempt(cause)
    story.attempt(Cause.SUCCEEDED, "w2", follow_ups=("child",))
    story.others.append(JobRow(id="child", state=State.CANCELLED, parent_id="j"))
    story.history.append(Ending("w1", "j", 4, 60 * SECOND, State.COMPLETED, Cause.SUCCEEDED, Charge.ATTEMPT, (), False))
    assert story.breaches() == []


def test_a_job_cancelled_while_it_waited_has_no_settlement() -> None:
    assert Story().rules(state=State.CANCELLED) == set()


def test_a_job_cancelled_while_it_ran_may_have_been_settled_as_failed() -> None:
    story = Story().attempt(Cause.FAILED).spoil(1, state=State.CANCELLED, cause=Cause.CANCELLED)
    assert story.breaches() == []


def test_an_accepted_job_that_is_gone_is_lost() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    story.history.append(Sending("producer", 0, ("gone",), ("gone",)))
    assert story.rules() == {"lost"}


def test_a_delivered_job_that_is_gone_is_lost() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    story.history.append(Claim("w1", "gone", 1, 1, 0, LEASE, told_at=0))
    assert "lost" in story.rules()


def test_a_job_never_answered_for_may_be_missing_but_not_half_a_batch() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    story.history.append(Sending("producer", 0, ("x", "y"), None))
    assert story.rules() == set()
    story.others.append(JobRow(id="x", state=State.CANCELLED))
    assert story.rules() == {"half sent"}


def test_a_job_that_is_not_final_is_found() -> None:
    assert Story().attempt(Cause.RELEASED).rules() == {"not final"}


def test_two_final_settlements_are_found() -> None:
    assert "settled once" in Story().attempt(Cause.SUCCEEDED).attempt(Cause.SUCCEEDED).rules()


def test_a_final_job_without_a_settlement_is_found() -> None:
    assert Story().rules(state=State.COMPLETED) == {"settled once"}


def test_a_delivery_after_the_final_settlement_is_found() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    story.history.append(Claim("w2", "j", 2, 1, 50 * SECOND, 52 * SECOND, told_at=50 * SECOND))
    assert {"settled once", "asked for"} <= story.rules()


def test_a_state_other_than_the_settled_one_is_found() -> None:
    assert Story().attempt(Cause.SUCCEEDED).rules(state=State.DISCARDED) == {"settled once"}


def test_an_accepted_settlement_that_is_not_stored_is_found() -> None:
    story = Story().attempt(Cause.RELEASED).attempt(Cause.SUCCEEDED)
    story.history.append(Ending("w9", "j", 1, 11 * SECOND, State.COMPLETED, Cause.SUCCEEDED, Charge.ATTEMPT, (), True))
    assert story.rules() == {"answers"}


def test_a_refused_settlement_that_is_stored_is_found() -> None:
    assert Story().attempt(Cause.SUCCEEDED).change(Ending, 1, accepted=False).rules() == {"answers"}


def test_a_settlement_without_an_answer_is_no_breach() -> None:
    assert Story().attempt(Cause.SUCCEEDED).change(Ending, 1, accepted=None).rules() == set()


def test_a_stored_settlement_that_nobody_asked_for_is_found() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    story.history = [entry for entry in story.history if not isinstance(entry, Ending)]
    assert story.rules() == {"asked for"}


def test_a_settlement_with_the_fence_of_another_claim_is_found() -> None:
    story = Story().attempt(Cause.RELEASED).attempt(Cause.SUCCEEDED).change(Ending, 2, fence=1)
    assert {"asked for", "answers"} <= story.rules()


def test_a_lease_that_vanished_is_found() -> None:
    story = Story().attempt(Cause.RELEASED).attempt(Cause.SUCCEEDED, "w2").spoil(1, worker="w2")
    assert "asked for" in story.rules()
    story = Story().attempt(Cause.SUCCEEDED)
    story.history.append(Claim("w2", "j", 0, 1, SECOND, SECOND + LEASE, told_at=SECOND))
    assert story.rules() == {"asked for"}


def test_one_fence_for_two_workers_is_found() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    story.history.append(Claim("w2", "j", 1, 1, 10 * SECOND, 12 * SECOND, told_at=10 * SECOND))
    assert "leases apart" in story.rules()


def test_a_settlement_accepted_after_the_next_lease_began_is_found() -> None:
    story = Story().attempt(Cause.RELEASED).attempt(Cause.SUCCEEDED).change(Ending, 1, asked_at=21 * SECOND)
    assert story.rules() == {"leases apart"}


def test_a_renewal_after_the_next_lease_began_is_found() -> None:
    story = Story().attempt(Cause.RELEASED).attempt(Cause.SUCCEEDED).change(Renewal, 1, asked_at=21 * SECOND)
    assert story.rules() == {"leases apart"}
    assert story.change(Renewal, 1, kept=False).rules() == set()


def test_a_lease_given_away_before_it_was_taken_back_is_found() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED).spoil(1, finished_at=21 * SECOND)
    assert story.rules() == {"leases apart"}


def test_a_lease_taken_back_too_early_is_found() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED).spoil(1, finished_at=11 * SECOND)
    assert story.rules() == {"leases respected"}


def test_only_renewals_that_were_answered_lengthen_a_lease() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED).change(Renewal, 1, lease_until=19 * SECOND)
    assert story.rules() == {"leases respected"}
    assert story.change(Renewal, 1, kept=None).rules() == set()


def test_an_interruption_that_was_charged_is_found() -> None:
    story = Story().attempt(Cause.RELEASED).attempt(Cause.SUCCEEDED)
    for charge in (Charge.ATTEMPT, Charge.CRASH):
        assert "charges" in story.spoil(1, charge=charge).rules()


def test_a_crash_that_was_not_charged_is_found() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED).spoil(1, charge=Charge.NOTHING)
    assert story.rules(crashes=0) >= {"charges"}


def test_counts_that_are_not_the_sums_are_found() -> None:
    story = Story().attempt(Cause.FAILED).attempt(Cause.CRASHED).attempt(Cause.SUCCEEDED)
    assert story.rules() == set()
    assert story.rules(failures=2) == {"charges"}
    assert story.rules(crashes=0) == {"charges"}


def test_attempts_that_are_numbered_wrongly_are_found() -> None:
    assert Story().attempt(Cause.FAILED).attempt(Cause.SUCCEEDED).spoil(2, number=1).rules() == {"charges"}


def test_a_run_above_a_cap_is_found() -> None:
    story = Story().attempt(Cause.FAILED).attempt(Cause.CRASHED).attempt(Cause.SUCCEEDED)
    assert story.rules(max_attempts=1) == {"caps"}
    assert story.rules(max_crashes=1) == {"caps"}
    assert story.rules(max_attempts=2, max_crashes=2) == set()


def test_a_job_that_was_given_up_too_early_is_found() -> None:
    story = Story().attempt(Cause.FAILED).attempt(Cause.GAVE_UP)
    assert story.rules() == {"caps"}
    assert story.rules(max_attempts=2) == set()
    assert story.spoil(2, failure_code="permanent").rules() == set()


def test_a_worker_that_ended_in_good_order_but_left_a_job_is_found() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED, "w2")
    story.history.append(Closing("w1", 11 * SECOND))
    assert story.rules() == {"left behind"}
    story.history[-1] = Closing("w1", 16 * SECOND)
    assert story.rules() == set()


def test_a_follow_up_that_is_missing_is_found() -> None:
    assert Story().attempt(Cause.SUCCEEDED, follow_ups=("child",)).rules() == {"follow-ups"}


def test_a_follow_up_of_a_refused_settlement_is_found() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED)
    late = Ending(
        "w1", "j", 1, 30 * SECOND, State.COMPLETED, Cause.SUCCEEDED, Charge.ATTEMPT, ("child",), accepted=False
    )
    story.history.append(late)
    assert story.rules() == set()
    story.others.append(JobRow(id="child", state=State.CANCELLED, parent_id="j"))
    assert story.rules() == {"follow-ups"}


def test_a_follow_up_that_nobody_planned_is_found() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    story.others.append(JobRow(id="child", state=State.CANCELLED, parent_id="j"))
    assert story.rules() == {"follow-ups"}


def test_two_runs_at_once_under_one_lease_are_found() -> None:
    story = Story().attempt(Cause.SUCCEEDED)
    (run,) = story.runs
    again = HandlerRun(
        job_id="j", attempt=1, worker="w1", pid=99, started_at=run.started_at + SECOND // 2, ended_at=None
    )
    story.runs.append(again)
    assert story.rules() == {"runs apart"}
    story.runs[0] = replace(run, ended_at=None)
    assert story.rules() == set()


def test_a_run_that_outlives_its_lease_beside_the_next_one_is_no_breach() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED, "w2")
    story.runs[0] = replace(story.runs[0], ended_at=25 * SECOND)
    assert story.rules() == set()


def test_a_run_under_a_lost_lease_beside_one_under_the_next_of_the_same_worker_is_no_breach() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED)
    late = replace(story.runs[0], started_at=story.runs[1].started_at + 1, ended_at=None)
    story.runs[0] = late
    assert story.rules() == set()
    story.runs[0] = replace(late, attempt=2)
    assert story.rules() == {"runs apart"}


def test_a_worker_that_could_not_reach_the_broker_may_leave_a_lease_to_others() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED, "w2")
    story.history += [Outage("w1", 10 * SECOND), Closing("w1", 11 * SECOND)]
    assert story.breaches() == []
    story.history[-2] = Outage("w2", 10 * SECOND)
    assert [rule for rule, _ in story.breaches()] == ["left behind"]


def test_only_a_lease_that_got_lost_with_its_answer_excuses_an_outage_long_ago() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED, "w2")
    story.attempts[0] = replace(story.attempts[0], finished_at=60 * SECOND)
    story.attempts[1] = replace(story.attempts[1], claimed_at=61 * SECOND, finished_at=62 * SECOND)
    story.history += [Outage("w1", 10 * SECOND), Closing("w1", 50 * SECOND)]
    assert "left behind" in [rule for rule, _ in story.breaches()]
    story.history = [each for each in story.history if not (isinstance(each, Claim) and each.worker == "w1")]
    assert "left behind" not in [rule for rule, _ in story.breaches()]


def test_a_worker_that_stood_still_while_it_took_a_lease_is_judged_by_when_it_was_told() -> None:
    story = Story().attempt(Cause.LEASE_EXPIRED).attempt(Cause.SUCCEEDED)
    assert story.change(Claim, 2, claimed_at=13 * SECOND).rules() == set()
    assert story.change(Claim, 2, told_at=13 * SECOND).rules() == {"leases apart"}
