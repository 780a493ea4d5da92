"""What callers may do: roles, each with the rights of the one before it, and the tenant that a key is bound to."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a caller may do: look; act on jobs, and pause queues; do what can't be undone."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other one may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


class Scope(StrEnum):
    """What an operation shows or changes."""

    COMMON = "common"
    """The same for everybody, such as the schema of a kind."""
    TENANT = "tenant"
    """Jobs and what belongs to them: a key that is bound to a tenant reaches that tenant's only."""
    FLEET = "fleet"
    """Queues, workers, schedules, failures of all tenants: not for keys that are bound to one."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. A `tenant` of None means all of them."""

    name: str
    role: Role
    tenant: str | None = None
