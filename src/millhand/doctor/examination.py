"""The whole examination: every check in order, none of which can stop the others."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from functools import wraps

from millhand.app.attached import Check as OwnCheck
from millhand.config import Settings
from millhand.core.finding import Finding
from millhand.doctor import blobs, chromium, configuration, database, fleet, handlers, host, office, queue, server, word
from millhand.doctor.findings import error
from millhand.doctor.patient import Patient, admitted

Check = Callable[[Patient], Awaitable[Iterable[Finding]]]

CHECKS: Sequence[Check] = (
    configuration.origins,
    configuration.file_mode,
    configuration.relations,
    database.reachable,
    database.writable,
    database.local_disk,
    database.write_ahead_log,
    server.server,
    server.calls,
    queue.round_trip,
    blobs.data_folder,
    blobs.roots,
    blobs.stores,
    office.installation,
    office.fonts,
    word.installation,
    word.profile,
    chromium.installation,
    chromium.sandbox,
    chromium.shared_memory,
    chromium.fonts,
    office.confinement,
    handlers.loads,
    handlers.waiting_args,
    handlers.waiting_kinds,
    host.disk,
    host.temporary,
    host.memory,
    host.open_files,
    host.clock,
    fleet.workers,
    fleet.leases,
    fleet.queues,
    fleet.versions,
)
DEEP_CHECKS: Sequence[Check] = (database.integrity, office.canary, word.canary, chromium.canary)
"""Checks that take seconds."""


async def examine(settings: Settings, *, deep: bool) -> AsyncGenerator[Finding]:
    """Every finding as it is made; `deep` adds the checks that take seconds."""
    async with admitted(settings) as patient:
        for check in (*CHECKS, *(DEEP_CHECKS if deep else ()), *_checks_of_app(patient)):
            for finding in await _findings(check, patient):
                yield finding


def _checks_of_app(patient: Patient) -> list[Check]:
    """The checks that the app itself brings, such as those of a service."""

    def adopted(own: OwnCheck) -> Check:
        async def check(_: Patient) -> Iterable[Finding]:
            return await own()

        return wraps(own)(check)

    return [adopted(own) for own in (patient.app.checks if patient.app else ())]


async def _findings(check: Check, patient: Patient) -> Iterable[Finding]:
    try:
        return await check(patient)
    except Exception as failed:  # noqa: BLE001 - a check that breaks is a finding, and the others must go on
        name = f"{check.__module__.rpartition('.')[2]}.{check.__name__}"
        return [error(name, f"The check itself failed: {type(failed).__name__}: {failed}", "Report this.")]
