"""The routes: a form in, the file out, or the file sent to a webhook."""

from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import version
from typing import Annotated

from fastapi import APIRouter, Request, Response
from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse

from millhand.net.reach import Reach
from millhand.web.access.gate import needs
from millhand.web.access.roles import Role, Scope
from millhand.web.desk import Caller
from millhand.web.gotenberg import chromium
from millhand.web.gotenberg.afterwards import Afterwards
from millhand.web.gotenberg.answers import collect, response_of
from millhand.web.gotenberg.documents import send_documents
from millhand.web.gotenberg.downloads import complete
from millhand.web.gotenberg.errand import Errand, run
from millhand.web.gotenberg.route import TRACE, ClientRoute, trace_of
from millhand.web.gotenberg.webhook import check, webhook_of
from millhand.web.problems import Refused
from millhand.web.uploads import FORM, Form, form_of, is_form

router = APIRouter(route_class=ClientRoute, include_in_schema=False)
Operator = Annotated[Caller, needs(Role.OPERATOR)]
Sending = Callable[[Caller, Form], Awaitable[Sequence[Errand]]]


@router.get("/version")
async def tell_version(_caller: Annotated[Caller, needs(Role.VIEWER, Scope.COMMON)]) -> Response:
    """Millhand's own version, as Gotenberg tells its own."""
    return PlainTextResponse(version("millhand"))


@router.post("/forms/libreoffice/convert")
async def convert_documents(caller: Operator, request: Request) -> Response:
    """Documents as PDF."""
    return await _serve(caller, request, send_documents)


@router.post("/forms/chromium/convert/url")
async def convert_url(caller: Operator, request: Request) -> Response:
    """The page at a URL, as PDF."""
    return await _serve(caller, request, chromium.convert_url)


@router.post("/forms/chromium/convert/html")
async def convert_html(caller: Operator, request: Request) -> Response:
    """A page that is sent along, as PDF."""
    return await _serve(caller, request, chromium.convert_html)


@router.post("/forms/chromium/convert/markdown")
async def convert_markdown(caller: Operator, request: Request) -> Response:
    """A page with Markdown in it, as PDF."""
    return await _serve(caller, request, chromium.convert_markdown)


@router.post("/forms/chromium/screenshot/url")
async def screenshot_url(caller: Operator, request: Request) -> Response:
    """The page at a URL, as a picture."""
    return await _serve(caller, request, chromium.screenshot_url)


@router.post("/forms/chromium/screenshot/html")
async def screenshot_html(caller: Operator, request: Request) -> Response:
    """A page that is sent along, as a picture."""
    return await _serve(caller, request, chromium.screenshot_html)


@router.post("/forms/chromium/screenshot/markdown")
async def screenshot_markdown(caller: Operator, request: Request) -> Response:
    """A page with Markdown in it, as a picture."""
    return await _serve(caller, request, chromium.screenshot_markdown)


async def _serve(caller: Caller, request: Request, send: Sending) -> Response:
    if not is_form(request):
        raise Refused(415, f"Invalid 'Content-Type' header value: want '{FORM}'", code="unsupported_media_type")
    webhook, reachable = webhook_of(request.headers), Reach.of_this_machine(_named(caller))
    if webhook is not None:
        await check(webhook, reachable)
    async with form_of(request, caller.desk.settings.api.max_files) as sent, complete(caller, sent) as form:
        errands = await send(caller, form)
    name = request.headers.get("gotenberg-output-filename", "")
    if webhook is None:
        made = await run(caller, errands, caller.desk.settings.api.max_wait)
        return response_of(await collect(caller.desk.app.blobs, errands, made, name))
    rest = Afterwards(
        caller=caller,
        errands=errands,
        name=name,
        webhook=webhook,
        reach=reachable,
        headers={TRACE: trace_of(request)},
    )
    return Response(status_code=204, background=BackgroundTask(rest))


def _named(caller: Caller) -> frozenset[str]:
    return frozenset(caller.desk.settings.chromium.allowed_hosts)
