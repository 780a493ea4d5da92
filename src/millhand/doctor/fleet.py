"""Checks of the workers that run: silent ones, leases that nobody rescues, queues without workers, mixed versions."""

from collections.abc import Iterable
from importlib.metadata import version

from millhand.core.clock import after
from millhand.core.finding import Finding
from millhand.core.state import State
from millhand.core.words import count_of
from millhand.doctor.findings import not_applicable, ok, warning
from millhand.doctor.patient import Patient
from millhand.ledger.filters import JobFilter

_LEASES_TO_WAIT = 3
_LOOKED_AT = 500


async def workers(patient: Patient) -> Iterable[Finding]:
    """Whether every worker that has not said goodbye is still heard."""
    check_id = "fleet.workers"
    if patient.backend is None:
        return [not_applicable(check_id, "There is no open database.")]
    known = await patient.backend.inspector.workers()
    silent = [worker.id for worker in known if worker.silent]
    if silent:
        return [
            warning(
                check_id,
                f"{count_of(len(silent), 'worker')} fell silent without saying goodbye: {', '.join(silent)}.",
                "Find out whether it was killed; its jobs are rescued by any running worker.",
            )
        ]
    if not known:
        return [not_applicable(check_id, "No worker is running.")]
    return [ok(check_id, f"{count_of(len(known), 'worker')} running, all heard lately.")]


async def leases(patient: Patient) -> Iterable[Finding]:
    """Whether jobs count as running whose worker is gone for longer than leases last."""
    check_id = "fleet.leases"
    if patient.backend is None:
        return [not_applicable(check_id, "There is no open database.")]
    inspector = patient.backend.inspector
    alive = {worker.id for worker in await inspector.workers() if not worker.silent}
    long_ago = after(patient.now, -_LEASES_TO_WAIT * patient.settings.worker.lease)
    running = await inspector.jobs(JobFilter(states=frozenset({State.RUNNING})), limit=_LOOKED_AT)
    stuck = [row.id for row in running.rows if row.worker not in alive and (row.claimed_at or 0) < long_ago]
    if stuck:
        return [
            warning(
                check_id,
                f"{count_of(len(stuck), 'job')} count as running, but their worker is gone, such as {stuck[0]}.",
                "Start a worker: it offers them again at once.",
            )
        ]
    return [ok(check_id, "Every running job has a living worker.")]


async def queues(patient: Patient) -> Iterable[Finding]:
    """Whether each queue with work has a worker, and none is forgotten in pause."""
    check_id = "fleet.queues"
    if patient.backend is None:
        return [not_applicable(check_id, "There is no open database.")]
    views = await patient.backend.inspector.queues(await patient.backend.broker.stats())
    alone = [view.stats.queue for view in views if view.stats.available and not view.workers]
    paused = [view.stats.queue for view in views if view.stats.available and view.stats.paused]
    found: list[Finding] = []
    if alone:
        found.append(
            warning(check_id, f"Jobs wait without a worker in: {', '.join(alone)}.", "Start one: `millhand worker`.")
        )
    if paused:
        fix = f"Go on with `millhand queues resume {paused[0]}`."
        found.append(warning(check_id, f"Jobs wait in paused queues: {', '.join(paused)}.", fix))
    return found or [ok(check_id, "Every queue with work has a worker.")]


async def versions(patient: Patient) -> Iterable[Finding]:
    """Whether all workers run the version that is installed here."""
    check_id = "fleet.versions"
    if patient.backend is None:
        return [not_applicable(check_id, "There is no open database.")]
    known = await patient.backend.inspector.workers()
    found = {worker.version for worker in known if not worker.silent}
    here = version("millhand")
    if not found:
        return [not_applicable(check_id, "No worker is running.")]
    if found - {here}:
        return [
            warning(
                check_id,
                f"Workers run {', '.join(sorted(found))}, here is {here}.",
                "Bring all to one version when the roll-out is over.",
            )
        ]
    return [ok(check_id, f"All run {here}.")]
