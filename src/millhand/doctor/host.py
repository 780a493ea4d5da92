"""Checks of the machine: disk, memory, open files, temporary space, clock."""

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil

from millhand.core.finding import Finding
from millhand.core.limits import MIB
from millhand.core.words import count_of
from millhand.database.urls import sqlite_path
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.patient import Patient

_LITTLE = 1024 * MIB
_TOO_LITTLE = 100 * MIB
_MEMORY_EACH = 512 * MIB
_FEW_FILES = 1_024
_UNSYNCHRONIZED = 5  # TIME_ERROR of adjtimex(2)
_TIMEX_BYTES = 512  # more than struct timex has on any platform


async def disk(patient: Patient) -> Iterable[Finding]:
    """Whether there is room where data is kept."""
    return [_room("host.disk", _existing(patient.settings.data_dir.absolute()), "the data folder")]


async def temporary(_patient: Patient) -> Iterable[Finding]:
    """Whether there is room for temporary files."""
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError as failed:
        return [error("host.temp", str(failed), "Make /tmp writable, or set TMPDIR.")]
    return [_room("host.temp", folder, "temporary files")]


async def memory(patient: Patient) -> Iterable[Finding]:
    """Whether there is memory for the executors."""
    available, count = psutil.virtual_memory().available, patient.settings.worker.executor_count
    words = f"{available // MIB:,} MiB of memory are free for {count_of(count, 'executor')}"
    if available < count * _MEMORY_EACH:
        return [
            warning(
                "host.memory",
                f"Only {words}; plan for {_MEMORY_EACH // MIB} MiB each.",
                "Run fewer executors (worker.executors), or on a larger machine.",
            )
        ]
    return [ok("host.memory", f"{words}.")]


async def open_files(_patient: Patient) -> Iterable[Finding]:
    """Whether a process may open enough files."""
    check_id = "host.open_files"
    if sys.platform == "win32":
        return [not_applicable(check_id, "Windows sets no such limit.")]
    import resource  # noqa: PLC0415 - there is none on Windows

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if 0 <= limit < _FEW_FILES:
        fix = "Raise it: `ulimit -n 4096`, or LimitNOFILE= in the unit."
        return [warning(check_id, f"A process may open only {limit} files.", fix)]
    return [ok(check_id, f"A process may open {'any number of' if limit < 0 else f'{limit:,}'} files.")]


async def clock(patient: Patient) -> Iterable[Finding]:
    """Whether the clock is kept in time, as far as the kernel knows: logs of several machines are read side by side."""
    check_id = "host.clock"
    if sys.platform != "linux":
        return [not_applicable(check_id, "Whether the clock is kept in time is known on Linux only.")]
    state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
    if state < 0:
        return [not_applicable(check_id, "The kernel does not tell whether the clock is kept in time.")]
    if state != _UNSYNCHRONIZED:
        return [ok(check_id, "The clock is kept in time.")]
    if sqlite_path(patient.settings.database) is not None:
        return [not_applicable(check_id, "Nothing keeps the clock in time, which a single machine can live with.")]
    fix = "Install a time service such as chrony or systemd-timesyncd."
    return [
        warning(check_id, "Nothing keeps the clock in time: leases go by the server's, but times in logs do not.", fix)
    ]


def _room(check_id: str, folder: Path, purpose: str) -> Finding:
    free = psutil.disk_usage(str(folder)).free
    words = f"{free // MIB:,} MiB are free for {purpose} in {folder}"
    if not os.access(folder, os.W_OK):
        return error(check_id, f"{folder} can't be written.", "Let the user that runs millhand write there.")
    if free < _TOO_LITTLE:
        return error(check_id, f"Only {words}.", "Free some space.")
    if free < _LITTLE:
        return warning(check_id, f"Only {words}.", "Free some space soon.")
    return ok(check_id, f"{words}.")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return folder if folder.exists() else _existing(folder.parent)
