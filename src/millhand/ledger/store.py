"""Small helpers that the writers of the ledger share."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from millhand.database.bulk import insert

T = TypeVar("T")

_MOST_PARAMETERS = 500


def chunks(items: Sequence[T], size: int = _MOST_PARAMETERS) -> Iterator[Sequence[T]]:
    """Cut a sequence into pieces that fit into one statement: databases bound the number of its parameters."""
    return (items[start : start + size] for start in range(0, len(items), size))


def to_json(value: object) -> str:
    """Write JSON text; what JSON has no form for is written as its text."""
    return json.dumps(value, default=str, ensure_ascii=False, separators=(",", ":"))


def upsert(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Update the row of this key, or insert it, whoever else may be inserting it at the same time."""
    found = [table.c[name] == value for name, value in key.items()]
    if connection.execute(sa.update(table).where(*found).values(**values)).rowcount == 0:
        new = insert(connection.dialect, table, {**key, **values})
        connection.execute(new.on_conflict_do_update(index_elements=list(key), set_=dict(values)))
