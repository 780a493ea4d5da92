"""Checks of the kinds: the app loads, waiting jobs still fit their models, and somebody handles each of them."""

from collections.abc import Iterable

from pydantic import ValidationError

from millhand.core.finding import Finding
from millhand.core.registry import Registry
from millhand.core.state import WAITING
from millhand.core.words import count_of
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.patient import Patient
from millhand.ledger.filters import JobFilter
from millhand.ledger.views import JobRow

_LOOKED_AT = 500


async def loads(patient: Patient) -> Iterable[Finding]:
    """Whether the app and its handlers can be imported."""
    check_id = "handlers.import"
    if patient.app_error is not None:
        return [error(check_id, patient.app_error.message, patient.app_error.hint)]
    names = sorted(kind.name for kind in patient.app.registry) if patient.app else []
    if not names:
        return [warning(check_id, "The app has no kinds.", "Register a handler, or name another app with --app.")]
    return [ok(check_id, f"The app has {count_of(len(names), 'kind')}: {', '.join(names)}.")]


async def waiting_args(patient: Patient) -> Iterable[Finding]:
    """Whether the arguments of waiting jobs still fit the models of their kinds."""
    check_id = "handlers.schemas"
    if patient.backend is None or patient.app is None:
        return [not_applicable(check_id, "There is no open database, or no app.")]
    known = [row for row in await _waiting(patient) if row.kind in patient.app.registry]
    records = await patient.backend.inspector.records([row.id for row in known])
    bad = [record.id for record in records.values() if not _fits(patient.app.registry, record.kind, record.args)]
    if bad:
        return [
            error(
                check_id,
                f"The arguments of {count_of(len(bad), 'waiting job')} no longer fit their kind, such as {bad[0]}.",
                "Give new fields defaults, or cancel these jobs.",
            )
        ]
    return [ok(check_id, f"The arguments of {count_of(len(known), 'waiting job')} fit their kinds.")]


async def waiting_kinds(patient: Patient) -> Iterable[Finding]:
    """Whether somebody, this app or a running worker, handles every kind that waits."""
    check_id = "handlers.queued_kinds"
    if patient.backend is None:
        return [not_applicable(check_id, "There is no open database.")]
    handled = {kind.name for kind in patient.app.registry} if patient.app else set[str]()
    for worker in await patient.backend.inspector.workers():
        handled |= set() if worker.silent else set(worker.kinds)
    orphans = sorted({row.kind for row in await _waiting(patient)} - handled)
    if orphans:
        return [
            warning(
                check_id,
                f"Jobs wait whose kind nobody handles: {', '.join(orphans)}.",
                "Start a worker with the app that has these kinds, or cancel the jobs.",
            )
        ]
    return [ok(check_id, "Every kind that waits has a handler.")]


async def _waiting(patient: Patient) -> tuple[JobRow, ...]:
    """The newest of the jobs that wait, a bounded number."""
    if patient.backend is None:
        return ()
    wanted = JobFilter(states=frozenset(WAITING))
    return (await patient.backend.inspector.jobs(wanted, limit=_LOOKED_AT)).rows


def _fits(registry: Registry, kind: str, args: str) -> bool:
    try:
        registry.get(kind).args.model_validate_json(args)
    except ValidationError:
        return False
    return True
