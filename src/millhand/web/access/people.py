"""People whom a proxy has signed in: who they are by its headers, and what their groups may do."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import cast

from starlette.datastructures import Headers
from starlette.types import Scope

from millhand.web.access.roles import Principal, Role

_LONGEST_NAME = 200
_PLACE = "millhand.person"


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Which headers tell of people, and which groups may do more than look. Without a header, nobody is known."""

    user_header: str = ""
    groups_header: str = ""
    operators: Collection[str] = ()
    admins: Collection[str] = ()

    def named_in(self, headers: Headers) -> bool:
        """Whether a request names somebody, whoever says so."""
        return bool(self.user_header) and self.user_header in headers

    def person(self, headers: Headers) -> Principal | None:
        """Whom a trusted proxy names. A name that comes twice is nobody's: one of them may be the client's own."""
        name = _only(headers, self.user_header)
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            return None
        groups = {group.strip() for group in _only(headers, self.groups_header).split(",")}
        return Principal(f"proxy:{name}", self._role(groups))

    def _role(self, groups: Collection[str]) -> Role:
        if set(self.admins) & set(groups):
            return Role.ADMIN
        return Role.OPERATOR if set(self.operators) & set(groups) else Role.VIEWER


def keep_person(scope: Scope, person: Principal | None) -> None:
    """Write into a request whom a trusted proxy names."""
    scope[_PLACE] = person


def person_of(scope: Scope) -> Principal | None:
    """Whom a trusted proxy names, if there is one and it names anybody."""
    return cast("Principal | None", scope.get(_PLACE))


def _only(headers: Headers, name: str) -> str:
    """The value of a header that came once, else nothing."""
    values = headers.getlist(name) if name else []
    return _text(values[0]).strip() if len(values) == 1 else ""


def _text(value: str) -> str:
    """A header as its sender meant it: names are UTF-8, which the protocol reads as Latin-1."""
    raw = value.encode("latin-1")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return value
