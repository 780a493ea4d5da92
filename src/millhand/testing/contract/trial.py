"""Hold a broker to its contract outside of a test run: each clause in turn, on a store that goes away afterwards."""

import asyncio
import inspect
import re
import secrets
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from millhand.brokers.bucket.place import SCHEMES, parse
from millhand.core.clock import Clock
from millhand.core.errors import MillhandError, NotSupported
from millhand.core.redact import redact_text
from millhand.database.urls import address_of
from millhand.stores import StoreAccess
from millhand.testing.contract.broker import BrokerContract
from millhand.testing.contract.bucket import BucketHarness, Latch
from millhand.testing.contract.harness import BrokerHarness
from millhand.testing.contract.sql import PostgresHarness, SqliteHarness

Store = Callable[[], AbstractContextManager[BrokerHarness]]
"""Makes an empty store that belongs to one clause."""

_CLAUSE = re.compile(r"test_(b\d+)_(\w+)")
_LONGEST = 180.0
_OURS = Path(__file__).parent


class Verdict(StrEnum):
    """How a clause was found to be."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of the contract: several may share an id, each about another side of the same promise."""

    id: str
    says: str
    run: Callable[[BrokerHarness], Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a clause, and why if it did not pass; `seconds` is how long that took."""

    clause: str
    says: str
    verdict: Verdict
    why: str
    seconds: float


def store_at(url: str, stores: StoreAccess | None = None) -> Store:
    """Where to hold the trial, beside what is there already: raises `ConfigError`, or `NotSupported` for other brokers.

    On a PostgreSQL server that is a schema of its own in the same database, on SQLite a file in the same folder, in a
    bucket a folder of its own in the folder that the URL names; `stores` says how that is reached.
    """
    if url.partition(":")[0].startswith("pgboss"):
        raise NotSupported(
            "the tables of pg-boss belong to another application, so they are not put on trial",
            hint="Name the same server with a postgresql:// URL.",
        )
    if url.partition(":")[0] in SCHEMES:
        return partial(_bucket_store, url, stores or StoreAccess())
    address = address_of(url)
    if isinstance(address, Path):
        return lambda: _sqlite_store(address.parent)
    return lambda: _postgres_store(url)


def clauses() -> list[Clause]:
    """Every clause, in the order of its id."""
    found = [
        Clause(match[1].upper(), says, run)
        for name, function in inspect.getmembers(BrokerContract, inspect.isfunction)
        if (match := _CLAUSE.fullmatch(name))
        for says, run in _variants(match[2].replace("_", " "), function)
    ]
    return sorted(found, key=lambda clause: clause.id)


def tried(clause: Clause, store: Store, clock: Clock) -> Result:
    """Run a clause on a store of its own. Raises `BrokerUnavailable` if there can be none."""
    began = clock.monotonic()
    with store() as harness:
        verdict, why = _outcome(clause, harness)
    return Result(clause.id, clause.says, verdict, redact_text(why), round(clock.monotonic() - began, 3))


def _outcome(clause: Clause, harness: BrokerHarness) -> tuple[Verdict, str]:
    try:
        answer = clause.run(harness)
        if inspect.isawaitable(answer):
            asyncio.run(_in_time(answer))
    except pytest.skip.Exception as skipped:
        return Verdict.NOT_APPLICABLE, str(skipped)
    except (Exception, pytest.fail.Exception) as failed:  # noqa: BLE001 - whatever breaks a clause is its result
        return Verdict.FAILED, _reason(failed)
    return Verdict.PASSED, ""


async def _in_time(answer: Any) -> None:  # noqa: ANN401 - a coroutine of any clause
    async with asyncio.timeout(_LONGEST):
        await answer


def _reason(failed: BaseException) -> str:
    """What went wrong, and the line of the clause that found it."""
    said = failed.message if isinstance(failed, MillhandError) else str(failed)
    frames = traceback.extract_tb(failed.__traceback__)
    line = next((frame.line for frame in reversed(frames) if Path(frame.filename).parent == _OURS and frame.line), "")
    first = said.strip().partition("\n")[0]
    words = f"{type(failed).__name__}: {first}" if first else type(failed).__name__
    return f"{words} at `{line}`" if line else words


def _variants(says: str, function: Callable[..., Any]) -> Iterator[tuple[str, Callable[[BrokerHarness], Any]]]:
    """The clause itself, or one for each of the values that it is to be run with."""
    suite = BrokerContract()
    choices = [mark.args for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
    if not choices:
        yield says, lambda harness: function(suite, harness)
        return
    name, values = choices[0]
    for value in values:
        given: Mapping[str, Any] = {name: value}
        yield f"{says}: {value}", lambda harness, given=given: function(suite, harness, **given)


@contextmanager
def _sqlite_store(folder: Path) -> Generator[BrokerHarness]:
    with TemporaryDirectory(prefix="millhand-contract-", dir=folder) as place:
        yield SqliteHarness(f"sqlite:///{place}/jobs.db")


@contextmanager
def _postgres_store(url: str) -> Generator[BrokerHarness]:
    harness = PostgresHarness(url)
    harness.create()
    try:
        yield harness
    finally:
        harness.drop()


@contextmanager
def _bucket_store(url: str, stores: StoreAccess) -> Generator[BrokerHarness]:
    place = parse(url)
    folder = f"{place.folder}/contract-{secrets.token_hex(4)}".lstrip("/")
    harness = BucketHarness(replace(place, folder=folder), stores, Latch())
    try:
        yield harness
    finally:
        asyncio.run(harness.clear())
