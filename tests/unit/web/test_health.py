"""The health port, asked by a real client over a real socket."""

import asyncio
import http.client
import json
import signal
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from millhand.core.errors import ConfigError
from millhand.core.finding import Finding, Level
from millhand.core.health import LoopTick
from millhand.telemetry.metrics import Metrics
from millhand.web.health import health_app
from millhand.web.serve import HttpServer


@dataclass
class _Source:
    ticks: list[LoopTick] = field(default_factory=lambda: [LoopTick("fetcher", 0.5, 10.0)])
    findings: list[Finding] = field(default_factory=lambda: [Finding("worker.phase", Level.OK, "It runs.")])

    def loops(self) -> Sequence[LoopTick]:
        return self.ticks

    def ready(self) -> Sequence[Finding]:
        return self.findings


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)


def _ask(url: str, headers: dict[str, str]) -> _Answer:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            return _Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(error.code, dict(error.headers), error.read())


async def _get(
    path: str, source: _Source | None = None, *, key: str = "", headers: dict[str, str] | None = None
) -> _Answer:
    app = health_app(source or _Source(), Metrics(), key=key)
    async with HttpServer(app, "127.0.0.1", 0) as server:
        return await asyncio.to_thread(_ask, server.url + path, headers or {})


async def test_healthy_while_every_loop_turns() -> None:
    answer = await _get("/health")
    assert answer.status == 200
    assert answer.json == {
        "status": "ok",
        "stuck": [],
        "loops": [{"name": "fetcher", "age_seconds": 0.5, "limit_seconds": 10.0}],
    }
    assert answer.headers["cache-control"] == "no-store"


async def test_a_stuck_loop_is_named() -> None:
    answer = await _get("/health", _Source(ticks=[LoopTick("fetcher", 0.5, 10), LoopTick("leases", 10.1, 10)]))
    assert answer.status == 503
    assert (answer.json["status"], answer.json["stuck"]) == ("stuck", ["leases"])


async def test_ready_with_no_error_among_the_findings() -> None:
    findings = [Finding("a", Level.OK, "Fine."), Finding("b", Level.WARNING, "Tight.", "Loosen it.")]
    answer = await _get("/ready", _Source(findings=findings))
    assert answer.status == 200
    assert answer.json["status"] == "ready"
    assert answer.json["findings"][1] == {"id": "b", "level": "warning", "finding": "Tight.", "fix": "Loosen it."}


async def test_not_ready_with_an_error() -> None:
    answer = await _get("/ready", _Source(findings=[Finding("a", Level.ERROR, "No executor.", "Wait.")]))
    assert answer.status == 503
    assert answer.json["status"] == "not ready"


async def test_metrics_are_scraped() -> None:
    answer = await _get("/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert b"# TYPE millhand_jobs_settled_total counter" in answer.body


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer k3y", 200), ("Bearer wrong", 401), ("Bearer k3yy", 401), ("", 401)]
)
async def test_a_key_guards_the_metrics(given: str, status: int) -> None:
    headers = {"authorization": given} if given else {}
    answer = await _get("/metrics", key="k3y", headers=headers)
    assert answer.status == status
    assert (b"millhand_jobs" in answer.body) == (status == 200)


@pytest.mark.parametrize("path", ["/health", "/ready"])
async def test_probes_need_no_key(path: str) -> None:
    assert (await _get(path, key="k3y")).status == 200


async def test_there_is_nothing_else() -> None:
    assert (await _get("/")).status == 404


async def test_it_answers_on_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    async with HttpServer(health_app(_Source(), Metrics()), "::1", 0) as server:
        assert server.url.startswith("http://[::1]:")
        assert (await asyncio.to_thread(_ask, f"{server.url}/health", {})).status == 200


async def test_an_answer_does_not_wait_until_its_head_is_acknowledged() -> None:
    def fastest(url: str) -> float:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        taken: list[float] = []
        for _ in range(20):
            began = time.perf_counter()
            connection.request("GET", "/health")
            connection.getresponse().read()
            taken.append(time.perf_counter() - began)
        connection.close()
        return min(taken[10:])  # the first ones are acknowledged at once

    async with HttpServer(health_app(_Source(), Metrics()), "127.0.0.1", 0) as server:
        assert await asyncio.to_thread(fastest, server.url) < 0.035


async def test_the_port_is_free_again_afterwards() -> None:
    async with HttpServer(health_app(_Source(), Metrics()), "127.0.0.1", 0) as first:
        port = first.port
        assert port > 0
    async with HttpServer(health_app(_Source(), Metrics()), "127.0.0.1", port) as second:
        assert second.port == port


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid", "192.0.2.1"])
async def test_a_port_that_can_not_be_had_is_told(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as refused:
            await HttpServer(health_app(_Source(), Metrics()), host, port).__aenter__()
    assert refused.value.code == "port_unavailable"
    assert f"{host}:{port}" in refused.value.message
    assert "http.port" in refused.value.hint


async def test_signals_stay_with_the_program() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    async with HttpServer(health_app(_Source(), Metrics()), "127.0.0.1", 0):
        assert {number: signal.getsignal(number) for number in before} == before


async def test_an_idle_client_does_not_hold_up_the_end() -> None:
    async with HttpServer(health_app(_Source(), Metrics()), "127.0.0.1", 0) as server:
        _, idle = await asyncio.open_connection("127.0.0.1", server.port)
        _, halfway = await asyncio.open_connection("127.0.0.1", server.port)
        halfway.write(b"GET /health HTTP/1.1\r\n")
        await halfway.drain()
        loop = asyncio.get_running_loop()
        begin = loop.time()
    assert loop.time() - begin < 5
    for writer in (idle, halfway):
        writer.close()
        await writer.wait_closed()


async def test_an_error_inside_still_ends_the_server() -> None:
    server = HttpServer(health_app(_Source(), Metrics()), "127.0.0.1", 0)
    with pytest.raises(RuntimeError, match="inside"):
        async with server:
            raise RuntimeError("inside")
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", server.port)
