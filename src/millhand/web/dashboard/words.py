"""Figures in words: ages, spans, sizes and counts as people read them, the same on every page."""

import json
from datetime import datetime

from markupsafe import Markup

from millhand.core.clock import as_datetime
from millhand.ledger.views import between

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_KIB = 1024


def span(seconds: float) -> str:
    """A duration: `4 ms`, `1.2 s`, `38 s`, `3 min 5 s`, `2 h 4 min`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:  # noqa: PLR2004 - below it, tenths are worth reading
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for place, (size, unit) in enumerate(_UNITS):
        if whole >= size:
            smaller, name = _UNITS[place + 1] if place + 1 < len(_UNITS) else (1, "s")
            rest = whole % size // smaller
            return f"{whole // size} {unit} {rest} {name}" if rest else f"{whole // size} {unit}"
    return f"{whole} s"


def about(seconds: float) -> str:
    """A duration with its largest unit only: `3 min`."""
    whole = round(seconds)
    return next((f"{whole // size} {unit}" for size, unit in _UNITS if whole >= size), f"{whole} s")


def moment(instant: int, now: int) -> Markup:
    """An instant as it is from now, with the exact one on hover."""
    if instant <= now:
        seconds = between(instant, now)
        text = "now" if seconds < 1 else f"{about(seconds)} ago"
    else:
        text = f"in {about(between(now, instant))}"
    at = as_datetime(instant)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_iso(at), exact(instant), text)


def exact(instant: int) -> str:
    """An instant to the millisecond, in UTC."""
    return f"{as_datetime(instant):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def clock_time(instant: int) -> Markup:
    """The time of day of an instant, with the exact one on hover."""
    at = as_datetime(instant)
    return Markup('<time datetime="{}" title="{}">{:%H:%M:%S}</time>').format(_iso(at), exact(instant), at)


def size(count: float) -> str:
    """A number of bytes: `512 B`, `1.2 MiB`."""
    if count < _KIB:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= _KIB
        if count < _KIB:
            return f"{count:.1f} {unit}"
    return f"{count / _KIB:.1f} TiB"


def pretty(value: object) -> str:
    """A JSON value on several lines."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


def one_line(value: object) -> str:
    """A JSON value on one line."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
