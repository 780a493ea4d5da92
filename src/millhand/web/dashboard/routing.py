"""Pages and their actions as routes: each says who may use it; forms are checked, and errors are pages too."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import structlog
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from millhand.core.errors import MillhandError
from millhand.web.access.gate import Gate, require
from millhand.web.access.people import person_of
from millhand.web.access.roles import Principal, Role, Scope
from millhand.web.dashboard.rendering import Look, render
from millhand.web.dashboard.sessions import COOKIE, Sessions, form_token, is_form_token, new_cookie
from millhand.web.dashboard.visit import HEADERS, Visit, Visitor
from millhand.web.desk import Desk
from millhand.web.front import prefix_of
from millhand.web.problems import Refused, status_of

Handler = Callable[[Visit], Awaitable[Response]]
_UNAUTHORIZED = 401
_MOST_FIELDS = 1_000
_log = structlog.get_logger("millhand.web")


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or one action."""

    method: str
    path: str
    handler: Handler
    role: Role
    scope: Scope


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of one module, in the order in which they are declared."""

    all: list[Page] = field(default_factory=list[Page])

    def get(self, path: str, scope: Scope = Scope.TENANT, role: Role = Role.VIEWER) -> Callable[[Handler], Handler]:
        """Declare what is shown at a path."""
        return self._declare("GET", path, role, scope)

    def post(self, path: str, scope: Scope = Scope.TENANT, role: Role = Role.OPERATOR) -> Callable[[Handler], Handler]:
        """Declare what a form does."""
        return self._declare("POST", path, role, scope)

    def _declare(self, method: str, path: str, role: Role, scope: Scope) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            self.all.append(Page(method, path, handler, role, scope))
            return handler

        return keep


@dataclass(frozen=True, slots=True)
class Door:
    """Lets visitors in to pages."""

    desk: Desk
    gate: Gate
    sessions: Sessions

    def routes(self, pages: Sequence[Page]) -> list[Route]:
        """The routes to these pages."""
        return [Route(page.path, self._endpoint(page), methods=[page.method]) for page in pages]

    async def trouble_of(self, request: Request, error: MillhandError) -> Response:
        """The page that tells of an error which was met before any page."""
        cookie = request.cookies.get(COOKIE, "")
        try:
            who = await self.gate.principal(self.sessions.key_of(cookie), person_of(request.scope))
        except MillhandError:
            who = None
        return self._trouble(request, cookie, who, error)

    def _endpoint(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            cookie = request.cookies.get(COOKIE) or new_cookie()
            who: Principal | None = None
            form = FormData()
            try:
                who = await self._admit(page, cookie, person_of(request.scope))
                if page.method == "POST":
                    form = await form_of(request, cookie, self.desk.settings.api.max_files)
                visit = Visit(
                    request=request,
                    visitor=Visitor(who, self.desk, prefix_of(request.scope)),
                    cookie=cookie,
                    signed_in=self.sessions.key_of(cookie) is not None,
                    form=form,
                )
                response = await page.handler(visit)
            except MillhandError as error:
                response = self._trouble(request, cookie, who, error)
            except Exception as error:  # noqa: BLE001 - the visitor gets a page, the log the traceback
                _log.error("page failed", path=request.url.path, exc_info=error)
                bug = Refused(500, "an error in millhand itself", code="bug", hint="Its traceback is in the log.")
                response = self._trouble(request, cookie, who, bug)
            finally:
                await form.close()
            if COOKIE not in request.cookies:
                keep_cookie(request, response, cookie)
            return response

        return answer

    async def _admit(self, page: Page, cookie: str, person: Principal | None) -> Principal:
        who = await self.gate.principal(self.sessions.key_of(cookie), person)
        require(who, page.role, page.scope)
        return who

    def _trouble(self, request: Request, cookie: str, who: Principal | None, error: MillhandError) -> Response:
        """The page that tells of an error; who has to sign in is sent there first."""
        status = status_of(error)
        if status == _UNAUTHORIZED:
            asked = request.url.path if request.method == "GET" else "/"
            query = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
            return RedirectResponse(f"/sign-in?next={quote(asked + query)}", 303)
        look = Look(
            now=self.desk.app.clock.now(),
            path=request.url.path,
            token=form_token(cookie),
            who=who,
            signed_in=who is not None and self.sessions.key_of(cookie) is not None,
            prefix=prefix_of(request.scope),
        )
        values: dict[str, Any] = {"status": status, "error": error}
        headers = {**HEADERS, **(error.headers if isinstance(error, Refused) else {})}
        return HTMLResponse(render("error.html", look, values), status, headers)


async def form_of(request: Request, cookie: str, most_files: int = 0) -> FormData:
    """The form that a request brings; raises `Refused` (403) unless it is one of our own pages'."""
    form = await request.form(max_files=most_files, max_fields=_MOST_FIELDS)
    given = form.get("token", "")
    if not (isinstance(given, str) and is_form_token(cookie, given)):
        raise Refused(
            403,
            "the form is not from a page that was shown to you lately",
            code="foreign_form",
            hint="Go back, reload the page, and do it again. Cookies must be allowed.",
        )
    return form


def keep_cookie(request: Request, response: Response, cookie: str) -> None:
    """Have the browser keep the visitor's cookie until it is closed."""
    secure, path = request.url.scheme == "https", prefix_of(request.scope) or "/"
    response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=secure, path=path)
