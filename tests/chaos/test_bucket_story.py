"""From the versions of a note to attempts: each kind of end is told, and what can't be is left for the checker."""

from millhand.brokers.bucket.note import Done, Holder, Last, Note
from millhand.core.settlement import Charge
from millhand.core.state import Cause, State
from millhand.testing.history import Claim, Ending
from tests.chaos.bucket_story import Story, Version, tell

SECOND = 1_000_000


def taken(fence: int, worker: str = "w", over: Note | None = None) -> Note:
    """A note that this worker has taken, with a lease of that name and fence."""
    holder = Holder(token=f"{worker}{fence}", worker=worker, until=0)
    return (over or Note(key="k")).taken(holder, "j", "", fence)


def settled(note: Note, state: State, charge: Charge = Charge.ATTEMPT) -> Note:
    """What its holder made of it."""
    assert note.holder is not None
    if state in {State.COMPLETED, State.DISCARDED, State.CANCELLED}:
        return note.ended(note.holder, Done(state=state, at=0), charge, None)
    return note.released(Last(token=note.holder.token, state=state), charge, 0, None)


def expired(note: Note) -> Note:
    """What somebody else made of it, whose lease ran out."""
    return note.released(None, Charge.CRASH, 0, None)


def claim(note: Note) -> Claim:
    """That its holder was told."""
    assert note.holder is not None
    return Claim(note.holder.worker, "j", note.fence, note.failures + note.crashes + 1, 0, 0, 0)


def asked(note: Note, state: State, cause: Cause, charge: Charge = Charge.ATTEMPT) -> Ending:
    """What its holder asked for."""
    assert note.holder is not None
    return Ending(note.holder.worker, "j", note.fence, 0, state, cause, charge, (), accepted=None)


def line(*notes: Note) -> list[Version]:
    """Versions a second apart."""
    return [Version(place * SECOND, note) for place, note in enumerate(notes)]


def ends(story: Story) -> list[tuple[int, State, Cause, Charge]]:
    """How the attempts ended."""
    return [(row.fence, row.state, row.cause, row.charge) for row in story.attempts]


def test_each_attempt_is_told_with_its_end() -> None:
    first = taken(1)
    failed = settled(first, State.RETRYABLE)
    second = taken(2, over=failed)
    renewed = second.renewed(5)
    lost = expired(renewed)
    third = taken(3, "v", over=lost)
    done = settled(third, State.COMPLETED)
    endings = [
        asked(first, State.RETRYABLE, Cause.FAILED),
        asked(third, State.COMPLETED, Cause.SUCCEEDED),
    ]
    notes = line(first, failed, second, renewed, lost, third, done)
    story = tell("j", [notes], [claim(first), claim(third)], endings)
    assert ends(story) == [
        (1, State.RETRYABLE, Cause.FAILED, Charge.ATTEMPT),
        (2, State.AVAILABLE, Cause.LEASE_EXPIRED, Charge.CRASH),
        (3, State.COMPLETED, Cause.SUCCEEDED, Charge.ATTEMPT),
    ]
    assert [(row.number, row.finished_at) for row in story.attempts] == [(1, SECOND), (2, 4 * SECOND), (3, 6 * SECOND)]
    assert (story.state, story.failures, story.crashes) == (State.COMPLETED, 1, 1)


def test_a_settlement_that_nobody_asked_for_is_not_explained_away() -> None:
    note = taken(1)
    story = tell("j", [line(note, settled(note, State.COMPLETED))], [claim(note)], [])
    assert ends(story) == [(1, State.COMPLETED, Cause.RELEASED, Charge.ATTEMPT)]


def test_a_job_given_up_by_whoever_found_its_lease_over() -> None:
    note = taken(1)
    other = Holder(token="other", worker="v", until=0)
    over = note.ended(other, Done(state=State.DISCARDED, at=0), Charge.CRASH, None)
    again = over.passed_to(Holder(token="third", worker="u", until=0))
    story = tell("j", [line(note, over, again)], [claim(note)], [])
    assert ends(story) == [(1, State.DISCARDED, Cause.LEASE_EXPIRED, Charge.CRASH)]
    assert story.attempts[0].worker == "w"


def test_what_was_let_go_untold_was_no_attempt() -> None:
    note = taken(1)
    free = note.released(None, Charge.NOTHING, 0, None)
    assert tell("j", [line(note, free)], [], []).attempts == []


def test_a_job_cancelled_while_it_ran_ends_so_whatever_was_asked() -> None:
    note = taken(1)
    wish = note.asked_to_cancel()
    over = settled(wish, State.CANCELLED)
    story = tell("j", [line(note, wish, over)], [claim(note)], [asked(note, State.RETRYABLE, Cause.FAILED)])
    assert ends(story) == [(1, State.CANCELLED, Cause.FAILED, Charge.ATTEMPT)]


def test_after_the_end_only_what_was_delivered_counts() -> None:
    first = taken(1)
    done = settled(first, State.COMPLETED)
    late = taken(9, "v")
    lives = [line(first, done), line(late, expired(late))]
    endings = [asked(first, State.COMPLETED, Cause.SUCCEEDED)]
    assert len(tell("j", lives, [claim(first)], endings).attempts) == 1
    story = tell("j", lives, [claim(first), claim(late)], endings)
    assert [row.fence for row in story.attempts] == [1, 9]
    assert story.state is State.COMPLETED
