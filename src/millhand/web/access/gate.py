"""Who asks, and whether they may: what every operation of the API names before it does anything."""

import hmac
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer
from fastapi.security.http import HTTPAuthorizationCredentials

from millhand.ledger.api_keys import ApiKeys
from millhand.net.loopback import is_loopback
from millhand.web.access.people import person_of
from millhand.web.access.roles import Principal, Role, Scope
from millhand.web.desk import Caller, Desk
from millhand.web.front import prefix_of
from millhand.web.problems import Refused

ANYBODY = Principal("anybody", Role.ADMIN)
"""Who asks without a key where none is needed: on the machine itself."""

_OWNER = Principal("http.key", Role.ADMIN)
_bearer = HTTPBearer(auto_error=False, description="A key of `millhand keys create`, or the setting `http.key`.")
_Given = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Gate:
    """Tells who asks by their key. On loopback, as long as the setting `http.key` is empty, nobody needs one."""

    def __init__(self, keys: ApiKeys, host: str, owner_key: str) -> None:
        self._keys = keys
        self._owner_key = owner_key
        self.open = is_loopback(host) and not owner_key
        """Whether who comes without a key may do everything."""

    async def principal(self, key: str | None, person: Principal | None = None) -> Principal:
        """Who presents this key, or else the person whom a trusted proxy has signed in; raises `Refused` (401)."""
        if key is None:
            if person is not None:
                return person
            if self.open:
                return ANYBODY
            raise _unauthorized("this needs a key", "Send the header `Authorization: Bearer KEY`.")
        if self._owner_key and hmac.compare_digest(key.encode(), self._owner_key.encode()):
            return _OWNER
        found = await self._keys.find(key)
        if found is None:
            raise _unauthorized("this key opens nothing", "It may have been revoked: `millhand keys list` shows them.")
        return Principal(found.name, Role(found.role), found.tenant)

    async def may_watch(self, key: str) -> bool:
        """Whether this key may see the figures of everything."""
        try:
            return (await self.principal(key)).tenant is None
        except Refused:
            return False


@dataclass(frozen=True, slots=True)
class Needs:
    """What an operation asks of its callers, as a dependency that gives the caller."""

    role: Role
    scope: Scope

    async def __call__(self, request: Request, _: _Given) -> Caller:
        """The caller that was admitted. The key is looked at before (`admit`); it stands here to be described."""
        return cast("Caller", request.state.caller)

    async def admit(self, request: Request) -> Caller:
        """The caller; raises `Refused` if there is none who may do this."""
        desk, gate = cast("tuple[Desk, Gate]", (request.app.state.desk, request.app.state.gate))
        principal = await gate.principal(_key_of(request.headers.get("authorization")), person_of(request.scope))
        require(principal, self.role, self.scope)
        return Caller(principal, desk, prefix_of(request.scope))


def needs(role: Role, scope: Scope = Scope.TENANT) -> Any:  # noqa: ANN401 - what FastAPI's own marker is typed as
    """The marker of the parameter by which an operation takes its caller."""
    return Depends(Needs(role, scope))


def require(principal: Principal, role: Role, scope: Scope) -> None:
    """The one rule of what a caller may do, for programs and for people; raises `Refused` (403)."""
    if scope is Scope.FLEET and principal.tenant is not None:
        raise Refused(
            403,
            f"'{principal.name}' is for one tenant's jobs, and this is about all of them",
            code="not_for_tenants",
            hint="Use a key that is bound to no tenant.",
        )
    if not principal.role.includes(role):
        raise Refused(
            403,
            f"'{principal.name}' has the role {principal.role}, and this needs {role}",
            code="role_too_low",
            hint=f"Use a key with the role {role}: `millhand keys create NAME --role {role}`.",
        )


def host_of(header: str) -> str:
    """The host in a Host header, without its port."""
    return header.rpartition(":")[0] if header.rpartition(":")[2].isdigit() and not header.endswith("]") else header


def _key_of(header: str | None) -> str | None:
    """The key in an Authorization header; raises `Refused` for one of another kind."""
    if header is None:
        return None
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise _unauthorized("this is no bearer token", "Send the header `Authorization: Bearer KEY`.")
    return key.strip()


def _unauthorized(message: str, hint: str) -> Refused:
    return Refused(401, message, code="unauthorized", hint=hint, headers={"WWW-Authenticate": "Bearer"})
