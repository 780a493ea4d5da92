"""The field `downloadFrom`: files that a form names by their addresses, fetched as if they had come along."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any, cast

from millhand.web import outward
from millhand.web.desk import Caller
from millhand.web.fetching import Place
from millhand.web.gotenberg.fields import Fields, invalid
from millhand.web.uploads import Form

FIELD = "downloadFrom"
_FILES = "files"


@asynccontextmanager
async def complete(caller: Caller, form: Form) -> AsyncGenerator[Form]:
    """The form with the files that it names; raises `Refused`."""
    places = _places(Fields(form.texts).text(FIELD, "[]"))
    most = caller.desk.settings.api.max_files
    if len(form.files) + len(places) > most:
        raise invalid(f"at most {most} files can be sent")
    async with AsyncExitStack() as stack:
        fetched = [await stack.enter_async_context(caller.desk.fetcher.fetched(place)) for place in places]
        yield replace(form, files=[*form.files, *((_FILES, file) for file in fetched)])


def _places(text: str) -> Sequence[Place]:
    try:
        return [_place(entry) for entry in _objects(json.loads(text))]
    except (ValueError, RecursionError) as error:
        raise invalid(f"form field '{FIELD}' is invalid: {error}") from None


def _objects(value: object) -> Sequence[dict[str, Any]]:
    entries = cast("list[object]", value) if isinstance(value, list) else [None]
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("expected a list of objects with a url")
    return cast("list[dict[str, Any]]", entries)


def _place(entry: dict[str, Any]) -> Place:
    url = str(entry.get("url", ""))
    if not outward.is_address(url):
        raise ValueError("expected a url that begins with http:// or https://")
    if entry.get("embedded") or entry.get("field") not in (None, "", _FILES):
        raise ValueError("files can only be fetched to be converted, as 'files'")
    return Place(url, outward.plain_headers(entry.get("extraHttpHeaders") or {}))
