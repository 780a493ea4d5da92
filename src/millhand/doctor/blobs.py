"""Checks of the place for blobs: write, read, delete, in each allowed folder."""

import asyncio
import secrets
from collections.abc import Iterable
from pathlib import Path

from millhand.blobs import BlobStore
from millhand.blobs.urls import url_of
from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.doctor.findings import error, ok, warning
from millhand.doctor.patient import Patient

_CONTENT = b"millhand doctor"


async def data_folder(patient: Patient) -> Iterable[Finding]:
    """Whether blobs can be written, read back and deleted in the data folder."""
    check_id, folder = "blobs.write", patient.settings.data_dir.absolute()
    store = BlobStore(roots=patient.settings.all_blob_roots)
    url = url_of(folder / f".millhand-doctor-{secrets.token_hex(4)}")
    existed = await asyncio.to_thread(folder.exists)
    try:
        await store.put(_CONTENT, url)
        read = b"".join([chunk async for chunk in store.stream(url)])
        await store.delete(url)
    except MillhandError as failed:
        return [error(check_id, failed.message, failed.hint)]
    finally:
        if not existed:
            await asyncio.to_thread(_remove_if_empty, folder)
    if read != _CONTENT:
        return [error(check_id, f"What was written to {folder} reads differently.", "Check the disk.")]
    return [ok(check_id, f"Blobs can be written, read and deleted in {folder}.")]


async def roots(patient: Patient) -> Iterable[Finding]:
    """Whether the folders that jobs may use are there."""
    check_id = "blobs.roots"
    missing = [root for root in patient.settings.blob_roots if not root.expanduser().is_dir()]
    if missing:
        names = ", ".join(str(root) for root in missing)
        return [warning(check_id, f"There is no folder {names}, named in blob_roots.", "Make it, or correct the name.")]
    return [ok(check_id, "Every folder that jobs may use is there.")]


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
