"""No page and no list asks the database more than six times, whatever there is; the cases come from the routes."""

import asyncio
import http.client
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote_plus

import pytest
import sqlalchemy as sa
from fastapi.routing import APIRoute
from sqlalchemy import event
from starlette.routing import Route

from millhand import App
from millhand.brokers.sql import SqlBroker
from millhand.config import Settings
from millhand.core.state import State
from millhand.database import Database
from millhand.telemetry.metrics import Metrics
from millhand.web.api import ROUTERS
from millhand.web.pulse import Pulse
from millhand.web.serve import HttpServer
from millhand.web.site import Site, open_site
from tests.integration.ledger.support import Factory, MovableClock
from tests.integration.web import shop

MOST = 6
# Streams that never end, files, what takes seconds to examine everything, and the doors.
_OTHERS = frozenset({"/live", "/v1/stream", "/v1/jobs/{job_id}/stream", "/static/{name:path}", "/system/doctor"})
_DOORS = frozenset({"/sign-in", "/health", "/ready", "/metrics"})
_NAME = "note.write"  # of a kind, and of a queue
_FILTERS = ("", "state:discarded", "state:available,retryable,completed,discarded tenant:nobody", "error:broken")


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return f"sqlite:///{tmp_path}/ledger.db"


async def test_every_page_and_list_is_read_by_few_statements(url: str, tmp_path: Path) -> None:
    jobs = await _filled(url)
    app = App(settings=Settings(database=url, data_dir=tmp_path / "data"))
    app.include(shop.app)
    async with app:
        inspector = (await app.backend()).inspector
        site = await open_site(app, Pulse(inspector.workers, app.clock), Metrics())
        paths = [path for template in _templates(site) for path in _paths(template, jobs)]
        async with HttpServer(site.asgi, "127.0.0.1", 0) as server:
            asked = await asyncio.to_thread(_statements, server.port, paths)
    assert len(asked) > 40
    assert {path: len(statements) for path, statements in asked.items() if len(statements) > MOST} == {}
    assert len(asked["/"]) == MOST, "the count sees what a page does"


async def _filled(url: str) -> Mapping[State, str]:
    """A job of each state, and seven queues; returns the jobs' ids."""
    clock = MovableClock()
    database = Database.at(url, clock=clock, server_clock=clock)
    await database.open()
    broker = SqlBroker(database, queues=(), worker="worker-1", lease=1e9)
    await broker.open()
    factory = Factory(broker, clock)
    jobs = {
        State.COMPLETED: await factory.completed(queue="q0"),
        State.DISCARDED: await factory.discarded(queue="q1"),
        State.RETRYABLE: await factory.retrying(queue="q2"),
        State.SCHEDULED: await factory.send(queue="q3", run_at=clock.now() + 10**12),
        State.RUNNING: await factory.send(queue="q4"),
    }
    await factory.claim()
    jobs[State.AVAILABLE] = await factory.send(queue="q5", parent_id=jobs[State.COMPLETED])
    await factory.send(queue=_NAME)
    await broker.close()
    await database.close()
    return jobs


def _templates(site: Site) -> Sequence[str]:
    """The paths of all pages and of all operations that read."""
    api = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    pages = [route for route in site.api.router.routes if isinstance(route, Route)]
    return sorted({route.path for route in (*api, *pages) if "GET" in (route.methods or ())} - _OTHERS - _DOORS)


def _paths(template: str, jobs: Mapping[State, str]) -> Sequence[str]:
    """What is asked of a route. A parameter of another name needs a value here."""
    filters = [quote_plus(words) for words in _FILTERS]
    special = {
        "/jobs": [f"/jobs?q={words}" for words in filters],
        "/v1/jobs": [f"/v1/jobs?filter={words}" for words in filters],
        "/jobs/all/{act}": ["/jobs/all/retry?q=state:discarded"],
        "/new/{kind}": [f"/new/{_NAME}", f"/new/{_NAME}?job={jobs[State.COMPLETED]}"],
    }
    plain = template.replace(":int", "").replace(":path", "")
    if template in special:
        return special[template]
    return list(dict.fromkeys(plain.format(job_id=job_id, name=_NAME, seq=1) for job_id in jobs.values()))


def _statements(port: int, paths: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What each path asked of the database; there must be something, but for the first file of jobs without any."""
    asked: dict[str, Sequence[str]] = {}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        for path in paths:
            with _watched() as statements:
                connection.request("GET", path)
                response = connection.getresponse()
                body = response.read()
            assert response.status == (404 if "/1" in path else 200), (path, body)
            asked[path] = [sql for sql in statements if not sql.startswith("BEGIN")]
    return asked


@contextmanager
def _watched() -> Iterator[list[str]]:
    """The statements of every engine of this process."""
    statements: list[str] = []

    def begun(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        statements.append(sql)

    event.listen(sa.Engine, "before_cursor_execute", begun)
    try:
        yield statements
    finally:
        event.remove(sa.Engine, "before_cursor_execute", begun)
