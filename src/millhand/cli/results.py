"""How a job ended, for whoever waited for it: its result to standard output, a failure in words."""

import json
from typing import TYPE_CHECKING, Any

from millhand.cli.output import Output

if TYPE_CHECKING:
    from millhand.cli.session import Connected
    from millhand.core.job import Job


async def settled(connected: "Connected", job: "Job[Any]", seconds: float | None) -> "Job[Any]":
    """Wait for a job's end, and read why it failed with hint and all; raises `WaitTimeout`."""
    ended = await connected.app.wait(job, seconds)
    if ended.failure is None:
        return ended
    return ended._replace(failure=(await connected.inspector.job(job.id)).failure or ended.failure)


def report_job(output: Output, job: "Job[Any]") -> bool:
    """Tell how a settled job ended; whether it completed."""
    completed = job.state == "completed"
    if output.json:
        output.record(_facts(job))
        return completed
    if completed:
        output.say(f"{job.id} completed.")
        if job.result is not None:
            output.data(json.dumps(job.result, ensure_ascii=False, indent=2 if output.on_terminal else None))
        return True
    reason = f": {job.failure.message}" if job.failure else "."
    output.complain(f"{output.coloured(f'{job.id} {job.state}', 'red')}{reason}")
    if job.failure and job.failure.hint:
        output.complain(f"{output.coloured('hint:', 'cyan')} {job.failure.hint}")
    return False


def _facts(job: "Job[Any]") -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "queue": job.queue,
        "failures": job.failures,
        "crashes": job.crashes,
        "result": job.result,
        "error": {"code": job.failure.code, "message": job.failure.message, "hint": job.failure.hint}
        if job.failure
        else None,
    }
