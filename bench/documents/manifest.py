"""The list of the documents in the corpus: hash, size, type, source and name of each. No document is kept in it."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from bench.documents.sources import LIMITS

MANIFEST = Path(__file__).parents[1] / "corpus.tsv"
_HEAD = ("sha256", "bytes", "suffix", "source", "name")
_SHORT = 16


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One document. `source` is the package it comes from, `name` its path in there."""

    sha256: str
    size: int
    suffix: str
    source: str
    name: str

    @property
    def file_name(self) -> str:
        """Its name in the corpus folder."""
        return f"{self.sha256[:_SHORT]}{self.suffix}"


def chosen(entries: Iterable[Entry]) -> list[Entry]:
    """The documents to keep: each content once, and of each type at most its limit, in the order of their hashes."""
    distinct = {entry.sha256: entry for entry in sorted(entries, reverse=True)}
    room = dict(LIMITS)
    kept: list[Entry] = []
    for _, entry in sorted(distinct.items()):
        if room.get(entry.suffix, 0) > 0:
            room[entry.suffix] -= 1
            kept.append(entry)
    return kept


def read(path: Path) -> list[Entry]:
    """The manifest; empty if there is none yet."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return [Entry(row["sha256"], int(row["bytes"]), row["suffix"], row["source"], row["name"]) for row in rows]


def write(path: Path, entries: Sequence[Entry]) -> None:
    """Write the manifest."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", lineterminator="\n")
        rows.writerow(_HEAD)
        rows.writerows(astuple(entry) for entry in entries)
