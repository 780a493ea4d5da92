"""Settings for a reverse proxy in front of the HTTP port."""

import ipaddress
import re

from pydantic import Field, field_validator

from millhand.config.group import Group
from millhand.config.units import Texts

_PREFIX = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*")


class ProxySettings(Group):
    """A reverse proxy in front of the port of `http`, if there is one."""

    path_prefix: str = Field(
        default="",
        description="The path under which the proxy offers millhand, such as /millhand; empty means all of a host. It"
        " does not matter whether the proxy takes it off.",
    )
    trusted: Texts = Field(
        default=(),
        description="Addresses and networks of proxies, such as 10.0.0.0/8, whose headers are believed:"
        " X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Prefix, and those below.",
    )
    user_header: str = Field(
        default="",
        description="The header in which a trusted proxy names who has signed in with it, such as X-Forwarded-User or"
        " X-Forwarded-Email; empty means that everybody needs a key.",
    )
    groups_header: str = Field(
        default="", description="The header in which it lists that person's groups, such as X-Forwarded-Groups."
    )
    operators: Texts = Field(default=(), description="Groups whose members are operators; others are viewers.")
    admins: Texts = Field(default=(), description="Groups whose members are admins.")

    @field_validator("path_prefix")
    @classmethod
    def _is_path(cls, value: str) -> str:
        prefix = value.rstrip("/")
        if not is_prefix(prefix):
            raise ValueError(f"'{value}' is no prefix; write a path such as /millhand, of letters, digits and - . _ ~")
        return prefix

    @field_validator("trusted")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for text in value:
            try:
                ipaddress.ip_network(text, strict=False)
            except ValueError:
                raise ValueError(f"'{text}' is no address and no network, such as 10.0.0.5 or 10.0.0.0/8") from None
        return value


def is_prefix(text: str) -> bool:
    """Whether links can begin with this text, which is empty or a path without a slash at its end."""
    return _PREFIX.fullmatch(text) is not None
