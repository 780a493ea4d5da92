"""Doing errands by a document server: each file goes through its bucket, or is converted here if nobody answers."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millhand.cli.errand import Done, Errand, Show
from millhand.cli.session import Session
from millhand.core.errors import MillhandError, UsageError
from millhand.core.failure import failure_of
from millhand.core.state import State

if TYPE_CHECKING:
    from millhand.services.docserver.client import Client, Pdf

_SUFFIX = ".docx"
_AT_ONCE = 20


class ViaWay:
    """Asks the document server at `via`, s3://bucket/folder, for each errand, within `seconds` or its usual time."""

    def __init__(self, session: Session, via: str, seconds: float | None) -> None:
        self._session = session
        self._via = via
        self._seconds = seconds
        self.words = f"The document server at {via} converts the documents."

    async def do(self, errands: Sequence[Errand], show: Show) -> list[Done]:
        """Do them all, a few at a time; raises `UsageError` before any is begun if one is no DOCX, or has options."""
        from millhand.services.docserver.client import Client
        from millhand.services.docserver.settings import DocserverSettings

        _check(errands)
        turns = asyncio.Semaphore(_AT_ONCE)
        async with Client.of(self._session.settings(), DocserverSettings.read(), self._via) as client:
            return await asyncio.gather(*(self._one(client, turns, errand, show) for errand in errands))

    async def _one(self, client: "Client", turns: asyncio.Semaphore, errand: Errand, show: Show) -> Done:
        async with turns:
            show(errand, State.RUNNING, 0.0, "")
            try:
                pdf = await client.convert(errand.files["source"], seconds=self._seconds)
                await asyncio.to_thread(_save, pdf, errand.output)
            except MillhandError as error:
                show(errand, State.DISCARDED, 1.0, error.message)
                return Done(errand, failure_of(error))
        show(errand, State.COMPLETED, 1.0, _brief(pdf))
        return Done(errand, None, _result(pdf))


def _check(errands: Sequence[Errand]) -> None:
    for errand in errands:
        if errand.files["source"].suffix.lower() != _SUFFIX:
            raise UsageError(f"a document server takes {_SUFFIX} alone, not {errand.title}", hint="Leave out --via.")
        if errand.arguments.get("options"):
            raise UsageError("a document server takes documents alone, and no options", hint="Leave out --via.")


def _save(pdf: "Pdf", output: Path) -> None:
    output.parent.mkdir(parents=True, exist_ok=True)
    pdf.save(output)


def _brief(pdf: "Pdf") -> str:
    return f"{pdf.engine}, {'here' if pdf.degraded else 'by a worker'}"


def _result(pdf: "Pdf") -> dict[str, Any]:
    said = f"made here by {pdf.engine}: {pdf.why_here}" if pdf.degraded else f"made by a worker with {pdf.engine}"
    return {
        "pages": pdf.facts.get("pages"),
        "engine": pdf.engine,
        "degraded": pdf.degraded,
        "notices": [said, *pdf.facts.get("notices", ())],
    }
