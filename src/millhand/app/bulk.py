"""Acting on all jobs that a filter means, as a job of its own: it can be followed, cancelled and looked up later."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from pydantic import Field

from millhand.app.app import App
from millhand.control import Control
from millhand.core.context import Context, JobFacts
from millhand.core.job import DEFAULT_TENANT, Args
from millhand.core.limits import Limits
from millhand.core.ports import CancelResult
from millhand.core.registry import Registry
from millhand.ledger.filters import JobFilter, parse

QUEUE = "millhand"
"""The queue of these jobs: every worker serves it, whichever others it serves."""

SENT_BY = "sent-by"
"""The header that says in whose name the commands are given."""

_PAGE = 500
_LIMITS = Limits(hard=6 * 3600.0)
_REACHED = (CancelResult.CANCELLED, CancelResult.REQUESTED)

Act = Callable[[Control, Sequence[str]], Awaitable[int]]


class _All(Args, queue=QUEUE):
    """All jobs that a filter means."""

    filter: str = Field(min_length=1, max_length=2_000, description="Which jobs: the words of `millhand help filters`.")


class RetryAll(_All, kind="jobs.retry"):
    """All jobs that a filter means are to run again."""


class CancelAll(_All, kind="jobs.cancel"):
    """All jobs that a filter means are to be cancelled."""


_KINDS = (RetryAll.kind, CancelAll.kind)


def equip(app: App) -> None:
    """Give an app the kinds for acting on many jobs; once is enough, and twice is harmless."""
    if RetryAll.kind not in app.registry:
        app.registry.include(_kinds(app))


def _kinds(app: App) -> Registry:
    registry = Registry()

    @registry.handler(limits=_LIMITS)
    async def retry(ctx: Context, args: RetryAll) -> dict[str, int]:
        """Run all jobs again that fit a filter."""
        return await _act(app, ctx, args, _retry)

    @registry.handler(limits=_LIMITS)
    async def cancel(ctx: Context, args: CancelAll) -> dict[str, int]:
        """Cancel all jobs that fit a filter."""
        return await _act(app, ctx, args, _cancel)

    return registry


async def _act(app: App, ctx: Context, args: _All, act: Act) -> dict[str, int]:
    """Walk through the jobs that are meant, the newest first; says how many there were, and on how many it worked."""
    wanted = _meant(args.filter, ctx.job, app.clock.now())
    found = done = 0
    if wanted is None:
        return {"found": found, "done": done}
    async with App(settings=app.settings) as own:  # connections of this run: executors have none otherwise
        backend = await own.backend()
        control = backend.control.acting_as(ctx.job.headers.get(SENT_BY, f"job:{ctx.job.job_id}"))
        expected = (await backend.inspector.count(wanted)).value
        before: int | None = None
        while True:
            page = await backend.inspector.jobs(wanted, before=before, limit=_PAGE)
            ids = [row.id for row in page.rows if row.kind not in _KINDS]
            done += await act(control, ids) if ids else 0
            found += len(ids)
            ctx.progress(min(1.0, found / max(1, expected)), f"{done:,} of {found:,} jobs")
            before = page.next
            if before is None:
                return {"found": found, "done": done}


def _meant(words: str, own: JobFacts, now: int) -> JobFilter | None:
    """The jobs that are meant: none that was sent after the command; and of others than the command's tenant, none."""
    sent = own.enqueued_at or now
    wanted = parse(words, sent)
    wanted = replace(wanted, until=min(wanted.until or sent, sent))
    if own.tenant == DEFAULT_TENANT:
        return wanted
    return replace(wanted, tenant=own.tenant) if wanted.tenant in (None, own.tenant) else None


async def _retry(control: Control, job_ids: Sequence[str]) -> int:
    return len(await control.retry(job_ids))


async def _cancel(control: Control, job_ids: Sequence[str]) -> int:
    results = await control.cancel_all(job_ids)
    return sum(result in _REACHED for result in results.values())
