"""The life of a job as a strip: how long it was in which state, one after the other, from its timeline."""

from collections.abc import Sequence
from dataclasses import dataclass

from millhand.core.state import FINAL, State
from millhand.ledger.views import Step, between

WIDTH = 1_000.0
"""How wide a strip is, in units of its own."""

_LEAST = 12.0
"""How wide the shortest stretch is shown, so that a run of a second is seen beside a wait of a day."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in one state: how long, in seconds, and where it is drawn."""

    state: State
    seconds: float
    x: float
    width: float


def strip(steps: Sequence[Step], now: int) -> tuple[Stretch, ...]:
    """The stretches of a job's life up to now; what it is in the end has none, as it lasts."""
    spans = _spans(steps, now)
    whole = sum(seconds for _, seconds in spans)
    room = WIDTH - _LEAST * len(spans)
    stretches: list[Stretch] = []
    x = 0.0
    for state, seconds in spans:
        width = _LEAST + (room * seconds / whole if whole and room > 0 else 0.0)
        stretches.append(Stretch(state, seconds, round(x, 1), round(width, 1)))
        x += width
    return tuple(stretches)


def _spans(steps: Sequence[Step], now: int) -> list[tuple[State, float]]:
    spans: list[tuple[State, float]] = []
    state: State | None = None
    for step in steps:
        entered = step.state is not None and step.state is not state
        state = step.state or state
        if state is None or (state in FINAL and step is steps[-1]):
            continue
        lasted = between(step.at, now) if step.lasted is None else step.lasted
        if entered or not spans:
            spans.append((state, lasted))
        else:
            spans[-1] = (state, spans[-1][1] + lasted)
    return spans
