"""The clock of a machine that nobody has set, and how to set right what was written down by it."""

from pathlib import Path

from millhand.core.clock import MICROSECONDS, SystemClock, after


class WrongClock(SystemClock):
    """The machine's clock, so many seconds ahead, or behind if there are fewer than none."""

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead

    def now(self) -> int:
        """The wrong instant."""
        return after(super().now(), self.ahead)


def note_skew(folder: Path, worker: str, ahead: float) -> None:
    """Note by how many seconds a worker's clock is wrong in this run."""
    path = _note(folder, worker)
    path.parent.mkdir(exist_ok=True)
    path.write_text(repr(ahead))


def skew_of(folder: Path, worker: str) -> int:
    """By how many microseconds it is."""
    path = _note(folder, worker)
    return round(float(path.read_text()) * MICROSECONDS) if path.exists() else 0


def _note(folder: Path, worker: str) -> Path:
    return folder / "skew" / worker
