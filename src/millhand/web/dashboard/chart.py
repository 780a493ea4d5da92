"""Bars of what ended when, as shapes: drawn by the server, so that no script is needed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from millhand.core.clock import MICROSECONDS
from millhand.core.state import State
from millhand.ledger.views import Activity

WIDTH = 600.0
HEIGHT = 96.0
"""How high a chart is; one in a line of a table is the same, pressed flat."""

_ORDER = (State.COMPLETED, State.CANCELLED, State.DISCARDED)
_MINUTE = 60
_GAP = 0.25
_TOP = 0.92


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a bar: jobs that ended in one state within one minute."""

    state: State
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as shapes by state, and its figures for a script. `columns` is how many minutes or hours it shows."""

    drawn: Mapping[State, str]
    plot: str
    columns: int


def by_minute(activity: Activity, queue: str | None = None) -> Chart:
    """What ended in all queues or in one."""
    minutes = [_of(minute, queue) for minute in activity.minutes]
    figures = {state.value: [minute[state] for minute in minutes] for state in _ORDER}
    return Chart(shapes(bars(activity, queue)), _plot(activity.until, _MINUTE, figures), len(minutes))


def by_hour(counts: Sequence[int], until: int) -> Chart:
    """What failed for good in each hour up to an instant."""
    told = _plot(until, 60 * _MINUTE, {State.DISCARDED.value: list(counts)})
    return Chart(shapes(hours(counts)), told, len(counts))


def bars(activity: Activity, queue: str | None = None) -> tuple[Bar, ...]:
    """The bars of all queues or of one, the oldest minute first; the highest bar nearly fills the height."""
    minutes = [_of(minute, queue) for minute in activity.minutes]
    most = max((sum(minute.values()) for minute in minutes), default=0)
    if not most:
        return ()
    step = WIDTH / len(minutes)
    return tuple(
        bar
        for place, minute in enumerate(minutes)
        for bar in _stack(minute, x=place * step, width=step * (1 - _GAP), scale=HEIGHT * _TOP / most)
    )


def hours(counts: Sequence[int]) -> tuple[Bar, ...]:
    """The bars of failures hour by hour, the last one at the right."""
    most = max(counts, default=0)
    step = WIDTH / max(1, len(counts))
    return tuple(
        Bar(
            State.DISCARDED,
            round(place * step, 1),
            round(HEIGHT - tall, 1),
            round(step * (1 - _GAP), 1),
            tall,
        )
        for place, count in enumerate(counts)
        if count and (tall := round(count * HEIGHT * _TOP / most, 1))
    )


def shapes(drawn: Sequence[Bar]) -> Mapping[State, str]:
    """The bars of each state as one path: a page with many small charts is made and shown faster."""
    paths = dict[State, str]()
    for bar in drawn:
        outline = f"M{bar.x} {bar.y}h{bar.width}v{bar.height}h-{bar.width}z"
        paths[bar.state] = paths.get(bar.state, "") + outline
    return paths


def _plot(until: int, unit: int, figures: Mapping[str, Sequence[int]]) -> str:
    """JSON: the end of the last column, the seconds of each, and how many jobs ended in each, by state."""
    return json.dumps({"until": until // MICROSECONDS, "unit": unit, **figures}, separators=(",", ":"))


def _of(minute: Mapping[tuple[str, State], int], queue: str | None) -> dict[State, int]:
    if queue is not None:
        return {state: minute.get((queue, state), 0) for state in _ORDER}
    return {state: sum(number for (_, ended), number in minute.items() if ended is state) for state in _ORDER}


def _stack(minute: Mapping[State, int], *, x: float, width: float, scale: float) -> Sequence[Bar]:
    stacked: list[Bar] = []
    y = HEIGHT
    for state in _ORDER:
        if minute[state]:
            y -= minute[state] * scale
            stacked.append(Bar(state, round(x, 1), round(y, 1), round(width, 1), round(minute[state] * scale, 1)))
    return stacked
