"""The files of a page, packed into a bundle: `index.html` and what belongs to it, by their names alone."""

import asyncio
import io
import shutil
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import IO

from starlette.datastructures import UploadFile

from millhand.core.limits import MIB
from millhand.web.gotenberg.fields import invalid
from millhand.web.problems import Refused
from millhand.web.uploads import Folder

_LARGEST_TEXT = 2 * MIB
INDEX, HEADER, FOOTER = "index.html", "header.html", "footer.html"


def by_name(files: Sequence[UploadFile]) -> dict[str, UploadFile]:
    """Files by their names without folders; suffixes in lower case, as Gotenberg finds them."""
    names = (PurePosixPath((file.filename or "").replace("\\", "/")) for file in files)
    return {f"{name.stem}{name.suffix.lower()}": file for name, file in zip(names, files, strict=True)}


async def text_of(files: Mapping[str, UploadFile], name: str) -> str:
    """The text of a file, empty if it is not there; raises `Refused` for one that is no UTF-8 (400), or large (413)."""
    if name not in files:
        return ""
    if (files[name].size or 0) > _LARGEST_TEXT:
        raise Refused(413, f"form file '{name}' is larger than {_LARGEST_TEXT:,} bytes", code="too_large")
    try:
        return (await files[name].read()).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise invalid(f"form file '{name}' is no UTF-8 text") from None


async def keep(folder: Folder, files: Mapping[str, UploadFile], index: str | None = None) -> str:
    """Keep the files as a bundle, `index` in place of the first page if it is given; returns the bundle's URL."""
    with tempfile.TemporaryFile(prefix="millhand-bundle-") as packed:
        await asyncio.to_thread(_pack, files, index, packed)
        packed.seek(0)
        url, _ = await folder.keep(UploadFile(packed, filename="bundle.zip"))
    return url


def _pack(files: Mapping[str, UploadFile], index: str | None, target: IO[bytes]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, file in files.items():
            given = io.BytesIO(index.encode()) if name == INDEX and index is not None else file.file
            given.seek(0)
            with archive.open(zipfile.ZipInfo(name), "w") as entry:
                shutil.copyfileobj(given, entry, MIB)
