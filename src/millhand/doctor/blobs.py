"""Checks of the places for blobs: write, read and delete, in the data folder and in each place of object stores."""

import asyncio
import secrets
from collections.abc import Iterable
from pathlib import Path

from millhand.app.content import blob_store
from millhand.blobs import BlobStore
from millhand.blobs.urls import url_of
from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.doctor.findings import error, not_applicable, ok, warning
from millhand.doctor.patient import Patient

_CONTENT = b"millhand doctor"


async def data_folder(patient: Patient) -> Iterable[Finding]:
    """Whether blobs can be written, read back and deleted in the data folder."""
    check_id, folder = "blobs.write", patient.settings.data_dir.absolute()
    store = BlobStore(roots=patient.settings.all_blob_roots)
    existed = await asyncio.to_thread(folder.exists)
    try:
        same = await _round_trip(store, url_of(folder))
    except MillhandError as failed:
        return [error(check_id, failed.message, failed.hint)]
    finally:
        if not existed:
            await asyncio.to_thread(_remove_if_empty, folder)
    if not same:
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


async def stores(patient: Patient) -> Iterable[Finding]:
    """Whether jobs can list, write, read and delete in each place of `blobs.prefixes`."""
    places = patient.settings.blobs.prefixes
    if not places:
        return [not_applicable("blobs.stores", "Jobs may use no object stores: blobs.prefixes is empty.")]
    try:
        store = blob_store(patient.settings)
    except MillhandError as failed:
        return [error("blobs.stores", failed.message, failed.hint)]
    return [await _store_finding(store, place.rstrip("/")) for place in places]


async def _store_finding(store: BlobStore, place: str) -> Finding:
    check_id = "blobs.stores"
    try:
        await anext(store.walk(place), None)
    except MillhandError as failed:
        return error(check_id, f"{place} can't be listed: {failed.message}.", failed.hint)
    try:
        same = await _round_trip(store, place)
    except MillhandError as failed:
        hint = f"{failed.hint} If jobs only read there, all is well."
        return warning(check_id, f"{place} can be listed, but not written to: {failed.message}.", hint)
    if not same:
        return error(check_id, f"What was written to {place} reads differently.", "Check the store.")
    return ok(check_id, f"Blobs can be listed, written, read and deleted in {place}.")


async def _round_trip(store: BlobStore, folder: str) -> bool:
    """Write a blob, read it and delete it; whether the content was the same."""
    url = f"{folder}/.millhand-doctor-{secrets.token_hex(4)}"
    await store.put(_CONTENT, url)
    read = b"".join([chunk async for chunk in store.stream(url)])
    await store.delete(url)
    return read == _CONTENT


def _remove_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
