"""The values that go into Word's engine and come out of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from millhand.core.limits import MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class WordSettings:
    """How Word runs: times in seconds, memory and output in bytes.

    A document may take `seconds`, and waits at most `busy_seconds` for its turn. Word is started anew after
    `recycle_documents`; after a start that failed it is left alone for `rest_seconds`.
    """

    seconds: float = 120.0
    memory: int = 2_048 * MIB
    output: int = 1_024 * MIB
    start_seconds: float = 60.0
    busy_seconds: float = 60.0
    quit_seconds: float = 10.0
    rest_seconds: float = 60.0
    recycle_documents: int = 100

    @property
    def longest(self) -> float:
        """What a document may take at most: its turn, and twice a new Word."""
        return self.busy_seconds + 2 * (self.start_seconds + self.seconds + self.quit_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordExport:
    """How Word opens a document and writes its PDF. `last_page` None means to the end."""

    first_page: int = 1
    last_page: int | None = None
    archive: bool = False
    tagged: bool = True
    outline: bool = True
    changes: Literal["show", "hide", "accept", "reject"] = "show"
    comments: bool = False
    update_fields: bool = False
    update_indexes: bool = False
    password: str | None = None

    @property
    def all_pages(self) -> bool:
        """Whether the whole document is wanted."""
        return self.first_page == 1 and self.last_page is None


@dataclass(frozen=True, slots=True)
class WordOrder:
    """One document for Word: the file that it opens, the file that it writes, and how."""

    source: Path
    target: Path
    export: WordExport


@dataclass(frozen=True, slots=True)
class WordConversion:
    """A conversion that succeeded. `repaired` says that Word mended the document to read it; memory in bytes."""

    version: str
    seconds: float
    peak_memory: int
    repaired: bool


@dataclass(frozen=True, slots=True)
class WordHealth:
    """The answer to a canary: Word's version, how long it took, and what went wrong, or nothing."""

    version: str
    seconds: float
    detail: str = ""

    @property
    def healthy(self) -> bool:
        """Whether it converted the canary."""
        return not self.detail
