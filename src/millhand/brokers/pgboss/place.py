"""Where the tables of pg-boss are, and which queue means which kind: what a broker's URL says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from millhand.core.errors import ConfigError

SCHEME = "pgboss+postgresql"
DEFAULT_SCHEMA = "pgboss"

_OURS = frozenset({"schema", "kinds", "group_concurrency"})
_EXAMPLE = "For example pgboss+postgresql://user@host/database?schema=pgboss&kinds=export-map:page.export"
# What pg-boss itself accepts as the name of a schema.
_SCHEMA_NAME = re.compile(r"[A-Za-z_]\w{0,49}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database with the tables of pg-boss.

    `dsn` is for the PostgreSQL driver. `kinds` names the kind of the jobs that others send to a queue; it is the
    queue's own name where it says nothing. `group_concurrency` limits how many jobs of a group run at a time.
    """

    dsn: str
    schema: str = DEFAULT_SCHEMA
    kinds: Mapping[str, str] = field(default_factory=dict[str, str])
    group_concurrency: int | None = None

    def kind_of(self, queue: str) -> str:
        """The kind of the jobs that others send to this queue."""
        return self.kinds.get(queue, queue)

    @property
    def shown(self) -> str:
        """The database without its password, for messages."""
        parts = urlsplit(self.dsn)
        return f"{parts.hostname or 'localhost'}{parts.path}, schema {self.schema}"


def parse(url: str) -> Place:
    """Read `pgboss+postgresql://user:password@host/database?schema=NAME&kinds=QUEUE:KIND,…`.

    Whatever else the query says goes to the driver. Raises `ConfigError`.
    """
    parts = urlsplit(url)
    if parts.scheme != SCHEME:
        raise ConfigError(f"a pg-boss URL begins with {SCHEME}:", hint=_EXAMPLE)
    query = parse_qsl(parts.query, keep_blank_values=True)
    told = {name: value for name, value in query if name in _OURS}
    rest = urlencode([(name, value) for name, value in query if name not in _OURS], quote_via=quote)
    return Place(
        dsn=urlunsplit(("postgresql", parts.netloc, parts.path, rest, "")),
        schema=_schema(told.get("schema", DEFAULT_SCHEMA)),
        kinds=_kinds(told.get("kinds", "")),
        group_concurrency=_positive(told["group_concurrency"]) if "group_concurrency" in told else None,
    )


def _schema(name: str) -> str:
    if not _SCHEMA_NAME.fullmatch(name):
        raise ConfigError(
            f"'{name}' is no schema of pg-boss: letters, digits and underscores, at most 50", hint=_EXAMPLE
        )
    return name


def _kinds(text: str) -> dict[str, str]:
    pairs = [pair.partition(":") for pair in text.split(",") if pair]
    if not all(queue and kind for queue, _, kind in pairs):
        raise ConfigError(f"'{text}' does not name queues and kinds", hint=_EXAMPLE)
    return {queue: kind for queue, _, kind in pairs}


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"group_concurrency is a number from 1 on, not '{text}'", hint=_EXAMPLE)
    return int(text)
