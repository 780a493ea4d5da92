"""`/sign-in` and `/sign-out`: a key is shown once, and stands behind the visitor's cookie from then on."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from millhand.core.errors import MillhandError
from millhand.web.dashboard.rendering import Look, render
from millhand.web.dashboard.routing import Door, form_of, keep_cookie
from millhand.web.dashboard.sessions import COOKIE, form_token, new_cookie
from millhand.web.dashboard.visit import HEADERS
from millhand.web.front import prefix_of
from millhand.web.problems import status_of


@dataclass(frozen=True, slots=True)
class SignIn:
    """The two routes of a door."""

    door: Door

    def routes(self) -> list[Route]:
        """The form, what it does, and the way out."""
        return [
            Route("/sign-in", self._show, methods=["GET"]),
            Route("/sign-in", self._sign_in, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
        ]

    async def _show(self, request: Request) -> Response:
        cookie = request.cookies.get(COOKIE) or new_cookie()
        if self.door.gate.open or self.door.sessions.key_of(cookie) is not None:
            return RedirectResponse(_place(request.query_params.get("next", "")), 303)
        return self._form(request, cookie, request.query_params.get("next", ""))

    async def _sign_in(self, request: Request) -> Response:
        cookie = request.cookies.get(COOKIE) or new_cookie()
        address = request.client.host if request.client else ""
        place = ""
        try:
            self.door.sessions.check_rate(address)
            form = await form_of(request, cookie)
            place, key = str(form.get("next", "")), str(form.get("key", "")).strip()
            try:
                await self.door.gate.principal(key)
            except MillhandError:
                self.door.sessions.note_failure(address)
                raise
        except MillhandError as error:
            return self._form(request, cookie, place, error)
        response = RedirectResponse(_place(place), 303)
        keep_cookie(request, response, self.door.sessions.begin(key))
        return response

    async def _sign_out(self, request: Request) -> Response:
        cookie = request.cookies.get(COOKIE) or new_cookie()
        try:
            await form_of(request, cookie)
        except MillhandError as error:
            return self._form(request, cookie, "", error)
        self.door.sessions.end(cookie)
        response = RedirectResponse("/sign-in", 303)
        response.delete_cookie(COOKIE, path=prefix_of(request.scope) or "/")
        return response

    def _form(self, request: Request, cookie: str, place: str, error: MillhandError | None = None) -> Response:
        look = Look(
            now=self.door.desk.app.clock.now(),
            path=request.url.path,
            token=form_token(cookie),
            who=None,
            signed_in=False,
            prefix=prefix_of(request.scope),
        )
        status = 200 if error is None else status_of(error)
        response = HTMLResponse(render("sign_in.html", look, {"error": error, "next": place}), status, HEADERS)
        keep_cookie(request, response, cookie)
        return response


def _place(wanted: str) -> str:
    """Where to go after signing in: a page of ours, never another site's."""
    parts = urlsplit(wanted)
    local = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and not (parts.scheme or parts.netloc)
    return wanted if local and wanted.isprintable() else "/"
