"""What a way to convert documents must be able to do to be measured."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Self

from bench.results import Contender


class ConverterMissingError(Exception):
    """What this way needs is not installed, or doesn't start."""


class Converter(ABC):
    """Converts documents to PDF, several threads at once. Use it as a context manager."""

    contender: Contender

    def start(self) -> None:  # noqa: B027 - there may be nothing to do
        """Do what must be done before the first document; raises ConverterMissingError."""

    @abstractmethod
    def convert(self, source: Path, target: Path) -> None:
        """Convert one document. Whether there is a PDF is for the caller to see."""

    def close(self) -> None:  # noqa: B027 - as above
        """End what was started."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
