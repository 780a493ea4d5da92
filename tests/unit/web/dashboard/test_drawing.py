"""What is drawn: the strip of a job's life, and the bars of what ended when."""

from millhand.core.clock import MICROSECONDS
from millhand.core.state import Cause, State
from millhand.ledger.views import Activity, Step
from millhand.web.dashboard.chart import HEIGHT, Bar, bars, by_hour, by_minute, hours, shapes
from millhand.web.dashboard.strip import WIDTH, strip


def _step(second: float, state: State | None, lasted: float | None = None, cause: Cause | None = None) -> Step:
    return Step(at=int(second * MICROSECONDS), state=state, cause=cause, text="", lasted=lasted)


def test_a_life_fills_the_strip_in_order() -> None:
    steps = [_step(0, State.AVAILABLE, 3), _step(3, State.RUNNING, 1, Cause.CLAIMED), _step(4, State.COMPLETED)]
    stretches = strip(steps, now=100 * MICROSECONDS)
    assert [(one.state, one.seconds) for one in stretches] == [(State.AVAILABLE, 3), (State.RUNNING, 1)]
    assert stretches[0].x == 0
    assert stretches[1].x == stretches[0].width
    assert abs(stretches[1].x + stretches[1].width - WIDTH) < 1
    assert stretches[0].width > 2 * stretches[1].width


def test_a_running_job_goes_on_until_now() -> None:
    steps = [_step(0, State.AVAILABLE, 1), _step(1, State.RUNNING, None, Cause.CLAIMED)]
    assert [one.seconds for one in strip(steps, now=11 * MICROSECONDS)] == [1, 10]


def test_a_note_does_not_end_a_stretch() -> None:
    steps = [_step(0, State.RUNNING, 2), _step(2, None, 3), _step(5, State.COMPLETED)]
    assert [(one.state, one.seconds) for one in strip(steps, now=0)] == [(State.RUNNING, 5)]


def test_a_short_run_is_seen_beside_a_long_wait() -> None:
    steps = [_step(0, State.SCHEDULED, 86_400), _step(86_400, State.RUNNING, 0.01), _step(86_400.01, State.COMPLETED)]
    assert min(one.width for one in strip(steps, now=0)) > 10


def test_bars_are_stacked_and_the_highest_nearly_fills_the_height() -> None:
    busy = {("a", State.COMPLETED): 5, ("b", State.COMPLETED): 1, ("a", State.DISCARDED): 2}
    drawn = bars(Activity(minutes=({}, busy), until=0))
    assert [(bar.state, bar.height) for bar in drawn] == [(State.COMPLETED, 66.2), (State.DISCARDED, 22.1)]
    assert drawn[0].y + drawn[0].height == HEIGHT
    assert round(drawn[1].y + drawn[1].height, 1) == drawn[0].y
    assert {bar.x for bar in drawn} == {300}


def test_bars_of_one_queue_are_its_own() -> None:
    busy = {("a", State.COMPLETED): 6, ("b", State.COMPLETED): 2}
    assert [bar.height for bar in bars(Activity(minutes=(busy,), until=0), "b")] == [88.3]
    assert bars(Activity(minutes=(busy,), until=0), "c") == ()


def test_hours_without_failures_are_blank() -> None:
    assert [(bar.x, bar.y, bar.height) for bar in hours([4, 0, 2])] == [(0.0, 7.7, 88.3), (400.0, 51.8, 44.2)]
    assert hours([0, 0]) == hours([]) == ()


def test_the_bars_of_a_state_are_one_shape() -> None:
    first, second = Bar(State.COMPLETED, 0.0, 8.0, 7.5, 12.0), Bar(State.COMPLETED, 10.0, 2.0, 7.5, 18.0)
    drawn = shapes([first, Bar(State.DISCARDED, 0.0, 7.0, 7.5, 1.0), second])
    assert drawn == {
        State.COMPLETED: "M0.0 8.0h7.5v12.0h-7.5zM10.0 2.0h7.5v18.0h-7.5z",
        State.DISCARDED: "M0.0 7.0h7.5v1.0h-7.5z",
    }


def test_a_script_is_given_the_figures_behind_the_bars() -> None:
    busy = {("a", State.COMPLETED): 2, ("b", State.COMPLETED): 1, ("b", State.DISCARDED): 4}
    activity = Activity(minutes=({}, busy), until=7_000_000)
    made = by_minute(activity)
    assert made.plot == '{"until":7,"unit":60,"completed":[0,3],"cancelled":[0,0],"discarded":[0,4]}'
    assert (set(made.drawn), made.columns) == ({State.COMPLETED, State.DISCARDED}, 2)
    assert '"completed":[0,2]' in by_minute(activity, "a").plot


def test_hours_are_told_to_a_script_as_far_as_they_are_known() -> None:
    made = by_hour([4, 0, 2], until=7_000_000)
    assert (made.plot, made.columns) == ('{"until":7,"unit":3600,"discarded":[4,0,2]}', 3)
    assert made.drawn[State.DISCARDED].startswith("M0.0 ")
