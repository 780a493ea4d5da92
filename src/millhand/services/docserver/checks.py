"""What the doctor looks at for a document server: its bucket, its heartbeat, and who may read its file of variables."""

import asyncio
import secrets
import stat
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path

from millhand.core.clock import SystemClock
from millhand.core.errors import MillhandError
from millhand.core.finding import Finding, Level
from millhand.services.docserver.health import Liveness, read_health
from millhand.services.docserver.place import INPUTS, bucket_at, is_bucket
from millhand.services.docserver.settings import DocserverSettings
from millhand.services.service import Told
from millhand.stores import Bucket

_PROBES = ".millhand/probe"

Check = Callable[[Told[DocserverSettings]], Awaitable[Iterable[Finding]]]


async def bucket(told: Told[DocserverSettings]) -> Iterable[Finding]:
    """Where documents come from, and whether a worker is heard there."""
    check_id, settings = "docserver.bucket", told.general
    if not is_bucket(settings.broker):
        fix = "Set MINIO_ENDPOINT, and MINIO_BUCKET, unless jobs are sent with millhand."
        return [Finding(check_id, Level.WARNING, "Documents come from millhand's own queue: no bucket is named.", fix)]
    try:
        place = bucket_at(settings)
        await _round_trip(place)
        health = await read_health(place, SystemClock().now())
    except MillhandError as error:
        return [Finding(check_id, Level.ERROR, f"The bucket can't be used: {error.message}.", error.hint)]
    found = Finding(check_id, Level.OK, f"Documents come from {place.url}, which can be listed, written and read.")
    if health.liveness is Liveness.MISSING:
        return [found, Finding("docserver.heartbeat", Level.OK, "No worker has written a heartbeat there yet.")]
    words = f"The heartbeat of {health.told.get('host') or 'a worker'} is {health.age:.0f} s old"
    says = health.told.get("status") or "nothing"
    level = Level.OK if health.ok or health.liveness is Liveness.STALE else Level.WARNING
    return [found, Finding("docserver.heartbeat", level, f"{words} and says {says}.", "")]


async def env_file(told: Told[DocserverSettings]) -> Iterable[Finding]:
    """Whether others can read the file that holds the secret."""
    return [await asyncio.to_thread(_file_finding, Path(told.own.env_file))]


def _file_finding(file: Path) -> Finding:
    check_id = "docserver.env_file"
    if not file.is_file():
        return Finding(check_id, Level.NOT_APPLICABLE, f"There is no {file} in this folder.")
    if sys.platform != "win32" and file.stat().st_mode & stat.S_IRWXO:
        return Finding(check_id, Level.WARNING, f"Everybody on this machine can use {file}.", f"chmod 600 {file}")
    return Finding(check_id, Level.OK, f"{file} is read; not everybody can use it.")


async def _round_trip(place: Bucket) -> None:
    """Do each thing once that a worker does there."""
    key = f"{_PROBES}/{secrets.token_hex(8)}"
    await place.put(key, b"check")
    try:
        await place.read(key, max_bytes=16)
        await place.folders(INPUTS)
    finally:
        await place.delete(key)


CHECKS: Sequence[Check] = (bucket, env_file)
