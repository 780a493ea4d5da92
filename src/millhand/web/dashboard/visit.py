"""One visit to a page: who is there, what they asked for, and how they are answered."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from millhand.web.access.roles import Role
from millhand.web.dashboard.rendering import Look, render
from millhand.web.dashboard.sessions import form_token
from millhand.web.desk import Caller
from millhand.web.front import prefix_of

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",  # without any, forms of our own pages would come from nowhere
}
_SEE_OTHER = 303


class Visitor(Caller):
    """A caller who came by the dashboard."""

    @property
    def actor(self) -> str:
        """The visitor's name in the audit trail."""
        return f"web:{self.principal.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request for a page, or an action of one, by somebody who may do that."""

    request: Request
    visitor: Visitor
    cookie: str
    signed_in: bool
    form: FormData = field(default_factory=FormData)

    @property
    def now(self) -> int:
        """The instant that ages are counted from."""
        return self.visitor.desk.app.clock.now()

    def may(self, role: Role) -> bool:
        """Whether the visitor has the rights of this role."""
        return self.visitor.principal.role.includes(role)

    def asked(self, name: str) -> str:
        """What the address says for this name, or nothing."""
        return self.request.query_params.get(name, "").strip()

    def told(self, name: str) -> str:
        """What the form says for this name, or nothing."""
        value = self.form.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    def page(self, template: str, *, status: int = 200, **values: object) -> Response:
        """The page that a template makes of these values."""
        look = Look(
            now=self.now,
            path=self.request.url.path,
            token=form_token(self.cookie),
            who=self.visitor.principal,
            signed_in=self.signed_in,
            said=self.asked("said"),
            prefix=prefix_of(self.request.scope),
        )
        return HTMLResponse(render(template, look, values), status, HEADERS)

    def back(self, path: str, said: str = "", **query: str) -> Response:
        """Send the visitor to a page of ours after an action, which then says in words what was `said` in one."""
        words = {**query, **({"said": said} if said else {})}
        return RedirectResponse(f"{path}?{urlencode(words)}" if words else path, _SEE_OTHER)
