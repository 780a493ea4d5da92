"""Checks of a PostgreSQL server: does it take writes, has it room for the workers, do calls come through?"""

import asyncio
from collections.abc import Iterable

from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.database.server_facts import CONNECTIONS_OF_A_PROCESS, ServerFacts
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.patient import Patient

_ID = "server.reachable"
_LISTENS_WITHIN = 5.0
_FAR_OFF = 5.0
_LONG_TRANSACTION = 600.0
_MANY_DEAD = 100_000


async def server(patient: Patient) -> Iterable[Finding]:
    """What the server says of itself: its version, whether it writes, its connections, its care for the tables."""
    if patient.backend is None:
        return [not_applicable(_ID, "There is no open database.")]
    try:
        facts = await patient.backend.database.server_facts()
    except MillhandError as failed:
        return [error(_ID, failed.message, failed.hint)]
    if facts is None:
        return [not_applicable(_ID, "The database is a file.")]
    workers = len([worker for worker in await patient.backend.inspector.workers() if not worker.silent])
    return [
        ok("server.version", f"It is PostgreSQL {facts.version}."),
        _writes(facts),
        _durable(facts),
        _connections(facts, workers),
        _vacuumed(facts),
        _pooler(facts),
        _clock(patient.backend.database.lag),
    ]


async def calls(patient: Patient) -> Iterable[Finding]:
    """Whether LISTEN hears what NOTIFY says."""
    check_id = "server.listen"
    if patient.backend is None or await patient.backend.database.server_facts() is None:
        return [not_applicable(check_id, "There is no open server.")]
    waker = patient.backend.database.waker
    await waker.wait(0.01)
    try:
        async with asyncio.timeout(_LISTENS_WITHIN):
            while not waker.hears_calls:  # noqa: ASYNC110 - a thread of its own listens, and tells nobody when it begins
                await asyncio.sleep(0.05)
    except TimeoutError:
        return [
            warning(
                check_id,
                "Calls by NOTIFY do not come through: idle workers look for jobs twice a second instead.",
                "Give the workers a URL that leads to the server itself, or to a pooler in session mode.",
            )
        ]
    return [ok(check_id, "Idle workers are woken by NOTIFY.")]


def _writes(facts: ServerFacts) -> Finding:
    if facts.read_only:
        return error(
            "server.primary",
            "The server only takes reads, as a standby does.",
            "Name the primary, or all hosts: postgresql://one,two/name?target_session_attrs=read-write.",
        )
    return ok("server.primary", "The server takes writes.")


def _durable(facts: ServerFacts) -> Finding:
    if not facts.keeps_what_it_commits:
        return warning(
            "server.durability",
            "The server runs without fsync or full_page_writes: a power cut can lose jobs and damage the database.",
            "Turn both on in postgresql.conf.",
        )
    return ok("server.durability", "What the server has accepted survives a power cut.")


def _connections(facts: ServerFacts, workers: int) -> Finding:
    needed = (workers + 1) * CONNECTIONS_OF_A_PROCESS
    said = f"{facts.used} of {facts.connections} connections are in use; {workers} workers take up to {needed}"
    if facts.connections - facts.used < CONNECTIONS_OF_A_PROCESS or needed > facts.connections:
        fix = "Raise max_connections, or put a pooler in front of the server."
        return warning("server.connections", f"{said}: another worker may find none.", fix)
    return ok("server.connections", f"{said}.")


def _vacuumed(facts: ServerFacts) -> Finding:
    if facts.dead_rows > max(_MANY_DEAD, facts.live_rows):
        fix = "See that autovacuum is on and not behind, and that no transaction stays open (pg_stat_activity)."
        return warning("server.vacuum", f"{facts.dead_rows:,} dead rows of jobs slow down each claim.", fix)
    if facts.oldest_transaction > _LONG_TRANSACTION:
        minutes = f"{facts.oldest_transaction / 60:.0f} minutes"
        fix = "Look for it in pg_stat_activity: until its end, nothing that changed since can be cleaned up."
        return warning("server.vacuum", f"A transaction has been open for {minutes}.", fix)
    return ok(
        "server.vacuum", f"The jobs' table is clean: {facts.dead_rows:,} dead rows, {facts.live_rows:,} live ones."
    )


def _pooler(facts: ServerFacts) -> Finding:
    if facts.pooled:
        return ok("server.pooler", "A pooler stands in front of the server: nothing is kept in sessions or prepared.")
    return ok("server.pooler", "The connections lead to the server itself.")


def _clock(ahead: float) -> Finding:
    said = f"This machine's clock is {abs(ahead):.2f} s {'ahead of' if ahead > 0 else 'behind'} the server's."
    if abs(ahead) > _FAR_OFF:
        return warning(
            "server.clock",
            f"{said} Leases and delays go by the server's, but times in logs and of attempts do not.",
            "Keep both in time, with chrony or systemd-timesyncd.",
        )
    return ok("server.clock", said)
