"""`/jobs/{id}`: everything about one job, its files, and what can be done with it."""

import shlex
from dataclasses import dataclass

from starlette.responses import Response

from millhand.core.events import Level
from millhand.core.ports import CancelResult
from millhand.core.state import FINAL, State
from millhand.ledger.recorder import LOG
from millhand.ledger.views import ArtefactView, AttemptView, EventView, JobDetail, JobRow
from millhand.web import ranges
from millhand.web.dashboard.routing import Pages
from millhand.web.dashboard.strip import strip
from millhand.web.dashboard.visit import Visit
from millhand.web.dashboard.words import one_line
from millhand.web.problems import Refused

pages = Pages()
PDF = "application/pdf"
PICTURE = "picture"
_PICTURES = frozenset({"image/png", "image/jpeg", "image/webp"})
_MOST_LINES = 300
_MOST_PREVIEWS = 4
# A browser's own viewer of PDFs does not work in a sandbox; it runs nothing of the page that it is in.
_SHOWN_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the job with what it logged; `attempt` is None for the one that goes on."""

    number: int
    attempt: AttemptView | None
    log: tuple[EventView, ...]


@pages.get("/jobs/{job_id}")
async def job(visit: Visit) -> Response:
    """All about the job."""
    detail = await visit.visitor.detail(visit.request.path_params["job_id"])
    files = [(one, preview_of(one)) for one in detail.artefacts]
    shown = [one.seq for one, kind in files if kind][-_MOST_PREVIEWS:]
    return visit.page(
        "job.html",
        job=detail.row,
        detail=detail,
        strip=strip(detail.timeline, visit.now),
        runs=runs_of(detail),
        files=files,
        previewed=frozenset(shown),
        cli=command_line(detail),
        can_retry=detail.row.state is not State.RUNNING,
        can_cancel=detail.row.state not in FINAL,
        Level=Level,
    )


@pages.post("/jobs/{job_id}/retry")
async def retry(visit: Visit) -> Response:
    """Run the job again as it is."""
    found = await visit.visitor.record(visit.request.path_params["job_id"])
    if not await visit.visitor.control.retry([found.id]):
        raise Refused(409, "the job runs", code="too_late", hint="Only jobs that are settled or wait can run again.")
    return visit.back(f"/jobs/{found.id}", "retried")


@pages.post("/jobs/{job_id}/cancel")
async def cancel(visit: Visit) -> Response:
    """Cancel the job, or tell it to stop."""
    found = await visit.visitor.record(visit.request.path_params["job_id"])
    result = await visit.visitor.control.cancel(found.id)
    if result is CancelResult.TOO_LATE:
        raise Refused(409, "the job has ended", code="too_late", hint="What is settled already can't be cancelled.")
    return visit.back(f"/jobs/{found.id}", "cancelled" if result is CancelResult.CANCELLED else "cancel-requested")


@pages.get("/jobs/{job_id}/files/{seq:int}")
async def file(visit: Visit) -> Response:
    """What the job produced: to be shown in its page, or to be kept."""
    found = await visit.visitor.record(visit.request.path_params["job_id"])
    artefact = await visit.visitor.inspector.artefact(found.id, visit.request.path_params["seq"])
    inline = not visit.asked("download")
    told = ranges.head if visit.request.method == "HEAD" else ranges.answer
    response = await told(visit.visitor.desk.app.blobs, artefact, visit.request.headers, inline=inline)
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["Cache-Control"] = "private, no-cache"
    if artefact.media_type == PDF and inline:
        response.headers["Content-Security-Policy"] = _SHOWN_PDF
    return response


def preview_of(artefact: ArtefactView) -> str:
    """How a file is shown within the page: `pdf`, `picture`, or not at all."""
    if artefact.media_type == PDF:
        return "pdf"
    return PICTURE if artefact.media_type in _PICTURES else ""


def runs_of(detail: JobDetail) -> list[Run]:
    """The job's runs, the newest first, each with its own part of the log."""
    logs = [event for event in detail.events if event.name == LOG][-_MOST_LINES:]
    ended = [
        Run(one.number, one, tuple(line for line in logs if _within(line, one, detail.attempts)))
        for one in detail.attempts
    ]
    row = detail.row
    if row.state is State.RUNNING:
        since = row.claimed_at or 0
        ended.append(Run(_next_number(row), None, tuple(line for line in logs if line.at >= since)))
    return ended[::-1]


def command_line(detail: JobDetail) -> str:
    """The same job from a terminal."""
    row = detail.row
    words = ["millhand", "enqueue", row.kind, shlex.quote(one_line(detail.args))]
    words += [f"--queue={shlex.quote(row.queue)}"]
    words += [f"--tenant={shlex.quote(row.tenant)}"] if row.tenant else []
    words += [f"--priority={row.priority}"] if row.priority else []
    return " ".join(words)


def _within(line: EventView, one: AttemptView, attempts: tuple[AttemptView, ...]) -> bool:
    """Whether a line was logged in this run: numbers repeat where a run was not charged, so time decides."""
    same = [other for other in attempts if other.number == line.attempt]
    if len(same) < 2:  # noqa: PLR2004 - there is no other one
        return line.attempt == one.number
    return line.attempt == one.number and one.claimed_at <= line.at <= one.finished_at


def _next_number(row: JobRow) -> int:
    return row.failures + row.crashes + 1
