"""The demonstration of `millhand up --demo`: samples become PDFs, with live progress and a closing table."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from millhand.app.running import Worker
from millhand.blobs.urls import url_of
from millhand.cli.board import Line, board
from millhand.cli.cells import Seconds
from millhand.cli.output import Column
from millhand.cli.serving import Activity
from millhand.cli.session import Session
from millhand.core.job import Args
from millhand.core.maker import JobMaker, SendOptions
from millhand.core.state import FINAL, State
from millhand.core.words import count_of
from millhand.demo import samples
from millhand.ledger.views import JobDetail

KIND = "document.convert"
_LOOK_EVERY = 0.15


@dataclass(frozen=True, slots=True)
class Document:
    """A sample on its way: its file's name, where its PDF goes, and its job."""

    name: str
    output: Path
    job_id: str


def activity(session: Session, *, until_idle: bool) -> Activity:
    """Convert the samples; then be done, or go on serving until a signal."""

    async def convert(worker: Worker) -> bool:
        documents = await _enqueue(worker)
        await _watch(session, worker, documents)
        details = [await worker.backend.inspector.job(document.job_id) for document in documents]
        _closing_table(session, documents, details)
        well = all(detail.row.state is State.COMPLETED for detail in details)
        if until_idle:
            return well
        session.output.say("All samples are done. Still serving; Ctrl-C stops.")
        await asyncio.Event().wait()
        return well

    return convert


async def _enqueue(worker: Worker) -> list[Document]:
    """Copy the samples to where jobs may read them, and send a job for each in one transaction."""
    app = worker.app
    folder = (app.settings.data_dir / "demo").absolute()
    model = app.registry.get(KIND).args
    maker = JobMaker(app.registry, app.clock)
    many: list[tuple[str, Path, Args]] = []
    for sample in samples():
        source, output = folder / sample.name, folder / "pdf" / f"{sample.stem}.pdf"
        await app.blobs.put(sample, url_of(source))
        many.append((sample.name, output, model.model_validate({"source": url_of(source), "target": url_of(output)})))
    sent = await worker.backend.broker.send([maker.make(args, SendOptions()) for _, _, args in many])
    return [Document(name, output, one.id) for (name, output, _), one in zip(many, sent, strict=True)]


async def _watch(session: Session, worker: Worker, documents: list[Document]) -> None:
    """Show how each document stands until all are settled."""
    ids = [document.job_id for document in documents]
    with board(session.output, len(documents)) as shown:
        while True:
            records = await worker.backend.inspector.records(ids)
            shown.update([_line(document, records) for document in documents])
            if all(record.state in FINAL for record in records.values()):
                return
            await asyncio.sleep(_LOOK_EVERY)


def _line(document: Document, records: Mapping[str, Any]) -> Line:
    record = records[document.job_id]
    if record.failure is not None:
        text = record.failure.message
    else:  # the last that arrives of a job that has ended may be from before its end
        text = record.progress_text if record.state not in FINAL or record.progress == 1 else ""
    return Line(document.name, record.state, record.progress or 0.0, text or "")


@dataclass(frozen=True, slots=True)
class _Result:
    document: str
    state: State
    attempts: int
    queue_wait: float | None
    run_time: float | None
    pages: int | None
    output: str


def _closing_table(session: Session, documents: list[Document], details: list[JobDetail]) -> None:
    results = [_result(document, detail) for document, detail in zip(documents, details, strict=True)]
    columns: list[Column[_Result]] = [
        Column("document", lambda one: one.document),
        Column("state", lambda one: one.state),
        Column("attempts", lambda one: one.attempts, right=True),
        Column("queue wait", lambda one: Seconds(one.queue_wait), right=True),
        Column("run time", lambda one: Seconds(one.run_time), right=True),
        Column("pages", lambda one: one.pages, right=True),
        Column("output", lambda one: one.output),
    ]
    session.output.rows(columns, results, nothing="There are no samples.")
    done = sum(one.state is State.COMPLETED for one in results)
    pages = count_of(sum(one.pages or 0 for one in results), "page")
    session.output.say(f"{done} of {count_of(len(results), 'document')} converted, {pages}.")


def _result(document: Document, detail: JobDetail) -> _Result:
    last = detail.attempts[-1] if detail.attempts else None
    completed = detail.row.state is State.COMPLETED
    pages = detail.artefacts[-1].facts.get("pages") if detail.artefacts else None
    return _Result(
        document=document.name,
        state=detail.row.state,
        attempts=len(detail.attempts),
        queue_wait=detail.attempts[0].waited if detail.attempts else None,
        run_time=last.ran if last else None,
        pages=pages if isinstance(pages, int) else None,
        output=_short(document.output) if completed else (detail.failure.message if detail.failure else ""),
    )


def _short(path: Path) -> str:
    """The path from the working folder, where it is inside it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
