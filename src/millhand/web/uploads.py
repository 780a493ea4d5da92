"""Files that come with a request: taken in within bounds, kept as blobs in a folder of the request's own."""

import asyncio
import hashlib
import re
import shutil
import tempfile
import zipfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from starlette.datastructures import UploadFile
from starlette.requests import Request

from millhand.app.app import App
from millhand.blobs.store import SCHEMES
from millhand.blobs.urls import path_of, url_of
from millhand.core.clock import after
from millhand.core.errors import MillhandError
from millhand.core.limits import MIB
from millhand.web.problems import Refused

FORM = "multipart/form-data"
_FOLDER = "uploads"
_MOST_FIELDS = 100
_LONGEST_NAME = 120
_STRANGE = re.compile(r"[^A-Za-z0-9._-]+")
_PLAIN = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Form:
    """A form: its texts and its files, by field."""

    texts: Mapping[str, str]
    files: Sequence[tuple[str, UploadFile]]


def is_form(request: Request) -> bool:
    """Whether a request brings a form."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == FORM


@asynccontextmanager
async def form_of(request: Request, most_files: int) -> AsyncGenerator[Form]:
    """The form that a request brings; its files are on disk, and gone afterwards."""
    async with request.form(max_files=most_files, max_fields=_MOST_FIELDS, max_part_size=2 * MIB) as found:
        items = found.multi_items()
        yield Form(
            {name: value for name, value in items if isinstance(value, str)},
            [(name, value) for name, value in items if isinstance(value, UploadFile)],
        )


@dataclass(slots=True)
class Use:
    """Whether files turned out to be of use."""

    is_true: bool = False


class Folder:
    """The place of one request's files, and of what is made of them; each tenant's are apart."""

    def __init__(self, app: App, tenant: str) -> None:
        self._app = app
        self._all = _base(app)
        self._tenants = f"{self._all}/{hashlib.sha256(tenant.encode()).hexdigest()[:32]}"
        self.url = f"{self._tenants}/{app.clock.new_id()}"

    async def keep(self, file: UploadFile) -> tuple[str, str]:
        """Keep a file; its URL, and its SHA-256 in hex."""
        return await self._put(file, file.filename or "", file.content_type, _copy)

    async def keep_packed(self, file: UploadFile) -> tuple[str, str]:
        """Keep a page as a zip with nothing else in it; its URL, and the zip's SHA-256 in hex."""
        return await self._put(file, "bundle.zip", "application/zip", _pack)

    def place(self, name: str) -> str:
        """The URL for a file of this name."""
        return f"{self.url}/{plain_name(name)}"

    @asynccontextmanager
    async def used(self) -> AsyncGenerator[Use]:
        """Keep what is put here only if it turns out to be of use; an error means it is not."""
        use = Use()
        try:
            yield use
        finally:
            if not use.is_true:
                await self._clear()

    async def _clear(self) -> None:
        """Remove all of it, as far as that can be done now."""
        with suppress(MillhandError):
            async for blob in self._app.blobs.walk(f"{self.url}/"):
                await self._app.blobs.delete(blob.url)

    async def _put(
        self, file: UploadFile, name: str, media_type: str | None, write: Callable[[UploadFile, Path], None]
    ) -> tuple[str, str]:
        url = self.place(name)
        with tempfile.TemporaryDirectory(prefix="millhand-upload-") as folder:
            path = Path(folder) / "content"
            await asyncio.to_thread(write, file, path)
            info = await self._app.blobs.put(path, url, media_type=media_type)
        return url, info.sha256 or ""

    def check(self, value: object) -> None:
        """Refuse arguments that name blobs outside the tenant's place; raises `Refused`."""
        if isinstance(value, Mapping):
            for each in cast("Mapping[object, object]", value).values():
                self.check(each)
        elif isinstance(value, list | tuple):
            for each in cast("Sequence[object]", value):
                self.check(each)
        elif isinstance(value, str) and value.strip().partition(":")[0].lower() in SCHEMES:
            inside = value.removeprefix(f"{self._tenants}/")
            if inside == value or not _PLAIN.fullmatch(inside):
                raise Refused(
                    422,
                    "the arguments name a file that is not this tenant's",
                    code="foreign_blob",
                    hint="Send the file along, or name one that was sent before.",
                )


def plain_name(name: str) -> str:
    """A name that is safe in any file system and URL: letters, digits, dots, dashes; the suffix is kept."""
    path = PurePosixPath(name.replace("\\", "/"))
    stem = _STRANGE.sub("-", path.stem).strip("-.")[:_LONGEST_NAME] or "file"
    suffix = _STRANGE.sub("", path.suffix)[:20]
    return f"{stem}{suffix}" if len(suffix) > 1 else stem


async def sweep(app: App) -> int:
    """Remove files that are older than the settings say; returns how many."""
    kept_for = app.settings.api.keep_uploads
    cutoff = after(app.clock.now(), -kept_for)
    removed = 0
    if kept_for:
        async for blob in app.blobs.walk(f"{_base(app)}/"):
            if blob.modified is not None and blob.modified < cutoff:
                await app.blobs.delete(blob.url)
                removed += 1
        if _base(app).startswith("file:"):
            await asyncio.to_thread(_remove_empty, path_of(_base(app)), cutoff)
    return removed


def _remove_empty(folder: Path, cutoff: int) -> None:
    """Remove the folders of requests in which nothing is left; one that may still be filled is too young for that."""
    for place in folder.glob("*/*"):
        with suppress(OSError):  # it is not empty, or somebody else was quicker
            if place.stat().st_mtime_ns < cutoff * 1_000:
                place.rmdir()


def _base(app: App) -> str:
    return app.settings.api.uploads.rstrip("/") or url_of((app.settings.data_dir / _FOLDER).absolute())


def _copy(file: UploadFile, path: Path) -> None:
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target, MIB)


def _pack(file: UploadFile, path: Path) -> None:
    index = zipfile.ZipInfo("index.html")  # without the time of packing, so that the same page makes the same zip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, archive.open(index, "w") as page:
        shutil.copyfileobj(file.file, page, MIB)
