"""Read a database URL: which SQLite file it names, or which PostgreSQL server, database and schema."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from millhand.core.errors import ConfigError
from millhand.core.redact import redact_text

SCHEMA = "millhand"
"""The PostgreSQL schema of our tables, unless the URL names another: applications keep theirs beside it."""

_SQLITE = "sqlite"
_POSTGRES = ("postgresql", "postgres")
_SCHEMA_PARAMETER = "millhand_schema"
_SCHEMA_NAME = re.compile(r"(?!pg_|information_schema$)[a-z_][a-z0-9_]{0,62}")
# What other clients write into the same URL, and libpq would refuse: Prisma's, and node-postgres'.
_OF_OTHER_CLIENTS = frozenset(
    {
        "schema", "connection_limit", "pool_timeout", "socket_timeout", "pgbouncer", "statement_cache_size",
        "uselibpqcompat",
    }
)  # fmt: skip
_SSL_MODES = {"no-verify": "require"}


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A PostgreSQL database: `conninfo` is a URL as libpq reads it, `schema` the one that holds our tables."""

    conninfo: str
    schema: str = SCHEMA


def address_of(url: str) -> Path | ServerAddress:
    """The SQLite file or the server that a URL names; raises `ConfigError`.

    A server's parameters are those of libpq (PostgreSQL manual, 34.1.2), and `millhand_schema`. Those that only other
    clients know are left out.
    """
    scheme, colon, rest = url.partition(":")
    name = scheme.removesuffix("+psycopg")
    if not colon or not rest.startswith("//"):
        raise _no_url(url)
    if name == _SQLITE:
        return _file(rest)
    if name not in _POSTGRES:
        raise ConfigError(f"there is no support for {name} databases", hint="Use sqlite or postgresql.")
    return _server(_split(url, rest))


def sqlite_path(url: str) -> Path | None:
    """The database file that a URL names, or None if it names a server; raises `ConfigError`."""
    address = address_of(url)
    return address if isinstance(address, Path) else None


def _file(rest: str) -> Path:
    path = unquote(rest.partition("?")[0])
    name = path.removeprefix("///")
    if not path.startswith("///") or name in ("", ":memory:"):
        raise ConfigError(
            "the SQLite database must be a file, since several processes share it",
            hint="Use a URL such as sqlite:///data/millhand.db.",
        )
    return Path(name).absolute()


def _server(parts: SplitResult) -> ServerAddress:
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    schema = given.pop(_SCHEMA_PARAMETER, SCHEMA)
    if not _SCHEMA_NAME.fullmatch(schema):
        raise ConfigError(
            f"'{schema}' can't be the name of a schema", hint="Use lower-case letters, digits and underscores."
        )
    return ServerAddress(f"postgresql://{parts.netloc}{parts.path}{_query(given)}", schema)


def _split(url: str, rest: str) -> SplitResult:
    try:
        return urlsplit(f"postgresql:{rest}")
    except ValueError:  # such as a bracket in a password
        raise _no_url(url) from None


def _query(given: Mapping[str, str]) -> str:
    kept = {key: value for key, value in given.items() if key not in _OF_OTHER_CLIENTS}
    if "sslmode" in kept:
        kept["sslmode"] = _SSL_MODES.get(kept["sslmode"], kept["sslmode"])
    return f"?{urlencode(kept, quote_via=quote)}" if kept else ""


def _no_url(url: str) -> ConfigError:
    return ConfigError(
        f"'{redact_text(url)}' is no database URL",
        hint="Use sqlite:///path or postgresql://user:password@host/name, with special characters as %40 and so on.",
    )
