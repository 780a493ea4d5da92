"""The jobs of the Chromium routes: a page by its URL, as files, or as Markdown within files."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from starlette.datastructures import UploadFile

from millhand.web.api.models.orders import Order
from millhand.web.api.sending import tenant_of
from millhand.web.api.submit import order_job
from millhand.web.desk import Caller
from millhand.web.gotenberg import markdown
from millhand.web.gotenberg.errand import Errand
from millhand.web.gotenberg.fields import Fields, invalid
from millhand.web.gotenberg.pages import pdf_of, screenshot_of
from millhand.web.gotenberg.refused import plain_files
from millhand.web.gotenberg.site_files import FOOTER, HEADER, INDEX, by_name, keep, text_of
from millhand.web.uploads import Folder, Form


async def convert_url(caller: Caller, form: Form) -> Sequence[Errand]:
    """Send the job that prints the page at a URL."""
    values = await _pdf(form)
    return await _send(caller, {"url": Fields(form.texts).needed("url"), **values})


async def screenshot_url(caller: Caller, form: Form) -> Sequence[Errand]:
    """Send the job that takes a picture of the page at a URL."""
    values = screenshot_of(Fields(form.texts))
    return await _send(caller, {"url": Fields(form.texts).needed("url"), **values})


async def convert_html(caller: Caller, form: Form) -> Sequence[Errand]:
    """Send the job that prints a page that came along."""
    return await _send(caller, await _pdf(form), _site(form))


async def screenshot_html(caller: Caller, form: Form) -> Sequence[Errand]:
    """Send the job that takes a picture of a page that came along."""
    return await _send(caller, screenshot_of(Fields(form.texts)), _site(form))


async def convert_markdown(caller: Caller, form: Form) -> Sequence[Errand]:
    """Send the job that prints a page with Markdown in it."""
    return await _send(caller, await _pdf(form), _site(form), await _read(form))


async def screenshot_markdown(caller: Caller, form: Form) -> Sequence[Errand]:
    """Send the job that takes a picture of a page with Markdown in it."""
    return await _send(caller, screenshot_of(Fields(form.texts)), _site(form), await _read(form))


async def _pdf(form: Form) -> dict[str, Any]:
    files = by_name(plain_files(form))
    return pdf_of(Fields(form.texts), await text_of(files, HEADER), await text_of(files, FOOTER))


def _site(form: Form) -> Mapping[str, UploadFile]:
    files = by_name(plain_files(form))
    if INDEX not in files:
        raise invalid(f"form file '{INDEX}' is required")
    return {name: file for name, file in files.items() if name not in (HEADER, FOOTER)}


async def _read(form: Form) -> str:
    """The first page, with its Markdown read."""
    files = _site(form)
    texts = {name: await text_of(files, name) for name in files if PurePosixPath(name).suffix == ".md"}
    if not texts:
        raise invalid("no form file found for extensions: [.md]")
    return await asyncio.to_thread(markdown.page_of, await text_of(files, INDEX), texts)


async def _send(
    caller: Caller, values: Mapping[str, Any], files: Mapping[str, UploadFile] | None = None, index: str | None = None
) -> Sequence[Errand]:
    folder = Folder(caller.desk.app, tenant_of(caller, None))
    name = f"page.{values['format']}"
    async with folder.used() as used:
        bundle = {"bundle": await keep(folder, files, index), "start": INDEX} if files else {}
        told = {**values, **bundle, "target": folder.place(name)}
        ticket = await order_job(caller, Order(kind="page.export"), told, None, None, folder)
        used.is_true = True
    return [Errand(ticket.id, name)]
