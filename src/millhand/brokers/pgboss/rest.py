"""How long to wait before looking for jobs again: short after work, longer the longer there is none."""

_SHORTEST = 0.5
_LONGEST = 2.0
_GROWTH = 1.3


class Rest:
    """From half a second up to two, the pace of pg-boss' own workers."""

    def __init__(self) -> None:
        self._seconds = _SHORTEST

    def found(self) -> None:
        """There was work."""
        self._seconds = _SHORTEST

    def next(self, due_in: float | None) -> float:
        """Seconds to wait now; `due_in` says when the next job is due, if that is known."""
        seconds, self._seconds = self._seconds, min(_LONGEST, self._seconds * _GROWTH)
        return seconds if due_in is None else min(seconds, due_in)
