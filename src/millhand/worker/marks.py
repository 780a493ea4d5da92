"""Which run each slot of an executor is at: numbers in a file that the executor maps into its memory.

Its dispatcher can read them at any time. Messages can't tell that: a handler that blocks its process, or kills it,
keeps back those that wait to be sent, so that the job before it would be taken for the one that is to blame.
"""

import mmap
import struct
from collections.abc import Iterator
from pathlib import Path

MARKS = "marks"
"""The file's name in the executor's folder."""

_NUMBER = struct.Struct("=q")


class Marks:
    """The executor's side: one number for each slot, the ticket of its run, negative once the run has ended."""

    def __init__(self, path: Path, slots: int) -> None:
        path.write_bytes(bytes(_NUMBER.size * slots))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    def begins(self, slot: int, ticket: int) -> None:
        """A slot is about to call the handler of this run."""
        _NUMBER.pack_into(self._memory, slot * _NUMBER.size, ticket)

    def ended(self, slot: int, ticket: int) -> None:
        """The run is over; the slot has begun no other."""
        _NUMBER.pack_into(self._memory, slot * _NUMBER.size, -ticket)


def read_marks(path: Path) -> Iterator[int]:
    """The numbers, in the order of the slots; none if the executor has not come so far."""
    try:
        numbers = path.read_bytes()
    except OSError:
        return
    for (number,) in _NUMBER.iter_unpack(numbers[: len(numbers) // _NUMBER.size * _NUMBER.size]):
        yield number
