"""Commands on jobs, queues, workers and schedules; each that took effect is in the audit trail."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Protocol, Self

from millhand.core.errors import NotFound, UsageError
from millhand.core.fairness import Caps
from millhand.core.job import NewJob, Sent
from millhand.core.ports import Broker, CancelResult, Controls
from millhand.core.wish import Wish
from millhand.ledger.api_keys import ApiKeys
from millhand.ledger.audit import Audit
from millhand.ledger.schedules import Schedules
from millhand.ledger.workers import Workers

_MOST_IDS_NOTED = 100
_CANCELS_AT_ONCE = 50


class ControlledBroker(Broker, Controls, Protocol):
    """A broker that takes commands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """Gives commands in the name of `actor`, such as `cli:ann` or `api:deploy-key`."""

    broker: ControlledBroker
    schedules: Schedules
    keys: ApiKeys
    workers: Workers
    audit: Audit
    actor: str

    def acting_as(self, actor: str) -> Self:
        """The same commands in somebody else's name."""
        return replace(self, actor=actor)

    async def send(self, job: NewJob) -> Sent:
        """Send a job. Its own record tells who did, so the audit trail does not."""
        [sent] = await self.broker.send([job])
        return sent

    async def repeat_changed(self, job_id: str, job: NewJob) -> Sent:
        """Send a job that does another one over with other arguments."""
        sent = await self.send(job)
        await self._note("job.repeat", job_id, {"job": sent.id})
        return sent

    async def cancel(self, job_id: str) -> CancelResult:
        """Cancel a waiting job, or ask a running one to stop; raises `NotFound`."""
        result = await self.broker.cancel(job_id)
        if result is CancelResult.UNKNOWN:
            raise NotFound(
                f"there is no job '{job_id}'",
                hint="If `millhand jobs show` knows it, it waits with another broker: set MILLHAND_BROKER to that one.",
            )
        if result is not CancelResult.TOO_LATE:
            await self._note("job.cancel", job_id, {"result": result.value})
        return result

    async def cancel_all(self, job_ids: Sequence[str]) -> dict[str, CancelResult]:
        """Cancel many jobs; says for each what became of it, and raises for none."""
        results: dict[str, CancelResult] = {}
        for start in range(0, len(job_ids), _CANCELS_AT_ONCE):  # together, they share a commit
            some = job_ids[start : start + _CANCELS_AT_ONCE]
            results |= zip(some, await asyncio.gather(*map(self.broker.cancel, some)), strict=True)
        reached = [job_id for job_id in results if results[job_id] in (CancelResult.CANCELLED, CancelResult.REQUESTED)]
        if reached:
            await self._note_jobs("job.cancel", reached)
        return results

    async def retry(self, job_ids: Sequence[str]) -> list[str]:
        """Make final or waiting jobs ready to run now; returns the ids that it applied to, which may be none."""
        applied = await self.broker.retry(job_ids)
        if applied:
            await self._note_jobs("job.retry", applied)
        return applied

    async def pause(self, queue: str) -> None:
        """Stop delivering from a queue; running jobs go on."""
        await self.broker.pause(queue)
        await self._note("queue.pause", queue)

    async def resume(self, queue: str) -> None:
        """Deliver from a queue again."""
        await self.broker.resume(queue)
        await self._note("queue.resume", queue)

    async def set_caps(self, queue: str, caps: Caps) -> None:
        """Set the concurrency limits of a queue; raises `UsageError` for a limit below 1."""
        limits = asdict(caps)
        if any(limit is not None and limit < 1 for limit in limits.values()):
            raise UsageError(
                "a concurrency limit is 1 or more, or none", hint=f"To stop a queue: millhand queues pause {queue}."
            )
        await self.broker.set_caps(queue, caps)
        await self._note("queue.caps", queue, limits)

    async def purge(self, queue: str) -> int:
        """Cancel every waiting job of a queue; returns how many."""
        cancelled = await self.broker.purge(queue)
        await self._note("queue.purge", queue, {"cancelled": cancelled})
        return cancelled

    async def quiet_worker(self, worker_id: str) -> None:
        """Have a worker take no jobs for now; what it holds goes on. Raises `NotFound`, `UsageError` if it stops."""
        await self.workers.wish(worker_id, Wish.QUIET)
        await self._note("worker.quiet", worker_id)

    async def resume_worker(self, worker_id: str) -> None:
        """Have a worker take jobs again; raises `NotFound`, `UsageError` if it stops."""
        await self.workers.wish(worker_id, Wish.WORK)
        await self._note("worker.resume", worker_id)

    async def stop_worker(self, worker_id: str) -> None:
        """Have a worker drain and end, as SIGTERM does; raises `NotFound`."""
        await self.workers.wish(worker_id, Wish.STOP)
        await self._note("worker.stop", worker_id)

    async def run_schedule(self, name: str) -> str:
        """Enqueue a schedule's job now, beside its ticks; returns the job's id. Raises `NotFound`."""
        job = await self.schedules.job_now(name)
        [sent] = await self.broker.send([job])
        await self._note("schedule.run", name, {"job": sent.id})
        return sent.id

    async def enable_schedule(self, name: str) -> None:
        """Let a schedule fire again; raises `NotFound`."""
        await self.schedules.enable(name)
        await self._note("schedule.enable", name)

    async def disable_schedule(self, name: str) -> None:
        """Keep a schedule from firing; raises `NotFound`."""
        await self.schedules.disable(name)
        await self._note("schedule.disable", name)

    async def remove_schedule(self, name: str) -> None:
        """Forget a schedule; raises `NotFound`."""
        await self.schedules.remove(name)
        await self._note("schedule.remove", name)

    async def create_key(self, name: str, role: str, tenant: str | None) -> str:
        """Make a key for the HTTP API, and return it; raises `UsageError` for a taken name."""
        key = await self.keys.create(name, role, tenant, self.actor)
        await self._note("key.create", name, {"role": role, "tenant": tenant})
        return key

    async def revoke_key(self, name: str) -> None:
        """Let a key open nothing from now on; raises `NotFound`."""
        await self.keys.revoke(name)
        await self._note("key.revoke", name)

    async def _note_jobs(self, action: str, job_ids: Sequence[str]) -> None:
        if len(job_ids) == 1:
            await self._note(action, job_ids[0])
        else:
            await self._note(action, f"{len(job_ids):,} jobs", {"jobs": list(job_ids[:_MOST_IDS_NOTED])})

    async def _note(self, action: str, target: str, details: Mapping[str, object] | None = None) -> None:
        await self.audit.record(self.actor, action, target, details)
