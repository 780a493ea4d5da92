"""Opening a page in a browser and judging how that went, until it is ready to be captured."""

import asyncio
import contextlib
from urllib.parse import urlsplit

from playwright.async_api import (
    BrowserContext,
    Page,
    Request,
    Response,
)
from playwright.async_api import Error as PlaywrightError

from millhand.engines.chromium import headers
from millhand.engines.chromium.browser import RunningBrowser
from millhand.engines.chromium.errors import AddressRefused, BadPage, PageUnreachable
from millhand.engines.chromium.gate import Gate
from millhand.engines.chromium.protocol import PageProtocol
from millhand.engines.chromium.ready import Phase, wait_until_ready
from millhand.engines.chromium.site import Site
from millhand.engines.chromium.strips import Area
from millhand.engines.chromium.values import PageOrder, View

_CLIENT_ERRORS = range(400, 500)
_SERVER_ERRORS = range(500, 600)
_TRANSIENT = frozenset({408, 425, 429})
_MOST_NOTICES = 20
_FOR_GOOD = ("ERR_CERT_", "ERR_SSL_", "ERR_UNSAFE_", "ERR_INVALID_", "ERR_TOO_MANY_REDIRECTS", "ERR_UNKNOWN_URL")
_MOMENT = 1.0  # seconds
_ERROR_PAGE = "chrome-error:"  # the browser's own, which says that what the page led on to can't be opened


class Visit:
    """One page, opened in a context of its own."""

    def __init__(self, order: PageOrder, gate: Gate, phase: Phase) -> None:
        self._order = order
        self._gate = gate
        self._phase = phase
        self._failed: dict[str, str] = {}
        self.crashed = asyncio.Event()
        self._broken = asyncio.Event()
        self._broken_by = ""
        self.status = 0
        self.url = order.source.url if isinstance(order.source, Site) else order.source

    async def open(self, running: RunningBrowser, context: BrowserContext, shown: Area) -> PageProtocol:
        """The page, ready to be captured, with `shown` drawn of it.

        Raises `AddressRefused`, `BadPage`, `PageUnreachable`.
        """
        order = self._order
        if order.cookies:
            await context.add_cookies(
                [
                    {"name": one.name, "value": one.value, "domain": one.domain, "path": one.path}
                    if one.domain
                    else {"name": one.name, "value": one.value, "url": self.url}
                    for one in order.cookies
                ]
            )
        page = await context.new_page()
        page.on("crash", self._on_crash)
        page.on("popup", _close_popup)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failed)
        session = await context.new_cdp_session(page)
        if order.headers:
            await headers.send_to_own_origin(session, order.headers)
        protocol = PageProtocol(await running.straight(session), order.view)
        await protocol.set_window(order.view.height, shown)
        await protocol.set_media()
        await self._go(page)
        self._judge(page)  # before it is waited for: an error page is never ready
        await wait_until_ready(page, protocol, order.wait, self._phase)
        self._judge(page)
        if order.strict and (notices := self.notices()):
            raise BadPage(f"A part of the page is missing: {notices[0]}", code="part_missing")
        return protocol

    def notices(self) -> tuple[str, ...]:
        """What was missing or refused, one line each."""
        refused = [f"{host} was refused: its address is not public." for host in sorted(self._gate.traffic.refused)]
        failed = [f"{url}: {why}" for url, why in self._failed.items() if _host(url) not in self._gate.traffic.refused]
        return tuple([*refused, *failed][:_MOST_NOTICES])

    async def _go(self, page: Page) -> None:
        self._phase.reach(0.1, "loading it")
        going = asyncio.ensure_future(page.goto(self.url, wait_until="load", timeout=0))
        broken = asyncio.ensure_future(self._broken.wait())
        try:
            await asyncio.wait({going, broken}, return_when=asyncio.FIRST_COMPLETED)
            # A page that breaks off never counts as loaded; one that does not even begin says so itself in a moment.
            await asyncio.wait({going}, timeout=_MOMENT if broken.done() else None)
            if not going.done():
                raise PageUnreachable(f"The page's content breaks off: {self._broken_by}")
            await going
        except PlaywrightError as error:
            if "closed" in error.message or "crashed" in error.message:
                raise
            raise self._translated(error.message) from error
        finally:
            broken.cancel()
            going.cancel()
            await asyncio.gather(broken, going, return_exceptions=True)

    def _judge(self, page: Page) -> None:
        """Whatever the page was at first, or became by its own scripts: is it one to be shown?"""
        if page.url.startswith(_ERROR_PAGE):
            raise self._translated(self._broken_by or "it could not be loaded")
        self.url = page.url
        host = _host(page.url)
        traffic = self._gate.traffic
        if host in traffic.refused:
            raise _refused(host)
        if host in traffic.unreachable:
            raise PageUnreachable(f"{host} can't be reached: {traffic.unreachable[host]}.")
        if self.status in _CLIENT_ERRORS and self.status not in _TRANSIENT:
            raise BadPage(f"The page answers with status {self.status}.", code="page_status")
        if self.status in _CLIENT_ERRORS or self.status in _SERVER_ERRORS:
            raise PageUnreachable(f"The page answers with status {self.status}.", code="page_status")

    def _translated(self, message: str) -> Exception:
        traffic = self._gate.traffic
        words = message.splitlines()[0].removeprefix("Page.goto: ")
        leads_to = {_host(self.url), *traffic.refused}
        if traffic.refused and not traffic.unreachable:
            return _refused(", ".join(sorted(traffic.refused)))
        for host, why in traffic.unreachable.items():
            if host in leads_to or len(traffic.unreachable) == 1:
                return PageUnreachable(f"{host} can't be reached: {why}.")
        if "Download is starting" in message or "ERR_ABORTED" in message:
            return BadPage("The address leads to a file to download, not to a page.", code="not_a_page")
        if any(each in message for each in _FOR_GOOD):
            return BadPage(f"The page can't be opened: {words}", code="not_openable")
        return PageUnreachable(f"The page can't be opened: {words}")

    def _on_crash(self, _: Page) -> None:
        self.crashed.set()

    def _on_response(self, response: Response) -> None:
        with contextlib.suppress(PlaywrightError):
            if response.request.is_navigation_request() and response.frame.parent_frame is None:
                self.status = response.status
            elif response.status >= _CLIENT_ERRORS.start:
                self._note(response.url, f"status {response.status}")

    def _on_failed(self, request: Request) -> None:
        why = request.failure or "failed"
        with contextlib.suppress(PlaywrightError):
            if "ERR_ABORTED" in why:
                return
            if not request.is_navigation_request():
                self._note(request.url, why)
            elif request.frame.parent_frame is None:
                self._broken_by = why
                self._broken.set()

    def _note(self, url: str, why: str) -> None:
        if len(self._failed) < _MOST_NOTICES:
            self._failed[url[:300]] = why


async def new_context(running: RunningBrowser, view: View, gate: Gate) -> BrowserContext:
    """A context without memory of any other, whose every request goes through the gate."""
    context = await running.browser.new_context(
        no_viewport=True,  # the page's own session sets it
        accept_downloads=False,
        proxy={"server": gate.url, "bypass": "<-loopback>"},
        locale=view.locale or None,
        timezone_id=view.timezone or None,
        service_workers="block",
    )
    context.set_default_timeout(0)  # the whole visit has one limit
    return context


async def _close_popup(popup: Page) -> None:
    with contextlib.suppress(PlaywrightError):
        await popup.close()


def _refused(host: str) -> AddressRefused:
    return AddressRefused(f"The page leads to {host}, whose address is not public.")


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").rstrip(".")
