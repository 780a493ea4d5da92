"""Checks of the database: there, of our schema, writable, on a local disk, in good order."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import psutil

from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.core.limits import MIB
from millhand.core.redact import redact_text
from millhand.database import schema_status
from millhand.database.urls import sqlite_path
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.patient import Patient

_NETWORK = ("nfs", "cifs", "smb", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs", "fuse.glusterfs", "lustre")
_LARGE_WAL = 256 * MIB


async def reachable(patient: Patient) -> Iterable[Finding]:
    """Whether it can be reached, and has the schema of this version."""
    shown = redact_text(patient.settings.database)
    if patient.database_error is not None:
        return [error("database.reachable", f"{shown}: {patient.database_error.message}", patient.database_error.hint)]
    if patient.backend is None:
        return [ok("database.reachable", f"{shown} is not there yet: the first worker or job makes it.")]
    status = await asyncio.to_thread(schema_status, patient.settings.database)
    return [
        ok("database.reachable", f"{shown} answers."),
        ok("database.schema", f"Its schema is {status.present}, the one that this version needs."),
    ]


async def writable(patient: Patient) -> Iterable[Finding]:
    """Whether a write transaction gets its turn."""
    check_id = "database.writable"
    if patient.backend is None:
        return [not_applicable(check_id, "There is no open database.")]
    try:
        await patient.backend.database.write(lambda connection: connection.exec_driver_sql("SELECT 1").scalar())
    except MillhandError as failed:
        return [error(check_id, failed.message, failed.hint)]
    return [ok(check_id, "A write transaction gets its turn.")]


async def local_disk(patient: Patient) -> Iterable[Finding]:
    """Whether a SQLite file is on a disk of this machine: its log needs shared memory (sqlite.org/wal.html)."""
    check_id = "database.file_system"
    path = sqlite_path(patient.settings.database)
    if path is None:
        return [not_applicable(check_id, "The database is a server.")]
    kind = await asyncio.to_thread(file_system_of, path)
    if kind.startswith(_NETWORK):
        return [
            error(
                check_id,
                f"The database file is on a network file system ({kind}), where SQLite can lose or damage data.",
                "Move it to a local disk, or use PostgreSQL.",
            )
        ]
    return [ok(check_id, f"The database file is on a local file system ({kind or 'unknown'}).")]


async def write_ahead_log(patient: Patient) -> Iterable[Finding]:
    """Whether SQLite's log grows without end, as it does when a reader never lets go."""
    check_id = "database.wal"
    path = sqlite_path(patient.settings.database)
    if path is None or patient.backend is None:
        return [not_applicable(check_id, "There is no open SQLite database.")]
    log = path.with_name(f"{path.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > _LARGE_WAL:
        return [
            warning(
                check_id,
                f"SQLite's write-ahead log has grown to {size // MIB} MiB.",
                "Look for a program that keeps a read transaction open on the file, such as a database browser.",
            )
        ]
    return [ok(check_id, f"SQLite's write-ahead log is small ({size // 1024} KiB).")]


async def integrity(patient: Patient) -> Iterable[Finding]:
    """Whether a SQLite file is whole (deep)."""
    check_id = "database.integrity"
    if patient.backend is None or sqlite_path(patient.settings.database) is None:
        return [not_applicable(check_id, "There is no open SQLite database.")]
    answer = await patient.backend.database.read(
        lambda connection: connection.exec_driver_sql("PRAGMA quick_check").scalar()
    )
    if answer != "ok":
        return [error(check_id, f"The database file is damaged: {answer}", "Restore it from a backup.")]
    return [ok(check_id, "The database file is whole.")]


def file_system_of(path: Path) -> str:
    """The type of the file system that a path is on, or nothing where the system does not tell."""
    real = path.resolve()
    mounts = [part for part in psutil.disk_partitions(all=True) if real.is_relative_to(part.mountpoint)]
    return max(mounts, key=lambda part: len(part.mountpoint)).fstype if mounts else ""
