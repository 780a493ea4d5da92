"""The outer wall: keys and their life, hosts and origins, headers, and bounds for what comes in."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Cli, Forks
from tests.integration.web.conftest import Served, serving


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    process = Forks(tmp_path_factory.mktemp("forks"))
    yield process
    process.close()


@pytest.fixture(scope="module")
def open_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site on loopback without a key, that serves and does no jobs, and has little patience."""
    folder = tmp_path_factory.mktemp("open")
    with serving(folder, "serve", MILLHAND_API__STALL="0.3", MILLHAND_API__ORIGINS="https://jobs.example.com") as port:
        yield Served(folder, port)


def test_on_this_machine_nobody_needs_a_key(open_site: Served) -> None:
    assert open_site.ask("GET", "/v1/jobs", key=None).status == 200
    assert open_site.ask("GET", "/v1/jobs", key="mh_wrong").status == 401


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8450", 200),
        ("127.0.0.1", 200),
        ("[::1]:8450", 200),
        ("rebound.example:8450", 421),
        ("127.0.0.1.example", 421),
        ("", 421),
    ],
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(open_site: Served, host: str, status: int) -> None:
    assert open_site.ask("GET", "/v1/jobs", key=None, Host=host).status == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://evil.example", 403), ("null", 403), ("https://jobs.example.com", 422), ("http://127.0.0.1:1", 403)],
)
def test_pages_of_others_may_not_ask(open_site: Served, origin: str, status: int) -> None:
    answer = open_site.ask("POST", "/v1/jobs", {}, key=None, Origin=origin)
    assert answer.status == status
    assert "access-control-allow-origin" not in answer.headers


def test_with_a_key_the_name_does_not_matter(site: Served) -> None:
    assert site.ask("GET", "/v1/kinds", Host="jobs.example.com").status == 200


def test_every_answer_has_the_security_headers(site: Served) -> None:
    for path in ("/v1/jobs", "/v1/nothing", "/v1/jobs?limit=x"):
        headers = site.ask("GET", path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Length: 3000000\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n" + 2 * (b"100000\r\n" + b" " * 2**20 + b"\r\n") + b"1\r\n \r\n",
    ],
    ids=["declared", "counted"],
)
def test_a_body_that_is_too_large_is_refused(open_site: Served, body: bytes) -> None:
    with socket.create_connection(("127.0.0.1", open_site.port), timeout=20) as wire:
        wire.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" + body)
        assert wire.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_that_does_not_come_is_not_waited_for(open_site: Served) -> None:
    begun = time.monotonic()
    with socket.create_connection(("127.0.0.1", open_site.port), timeout=20) as wire:
        wire.sendall(b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{")
        assert wire.recv(100).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 10


def test_a_key_lives_from_create_to_revoke(site: Served, forks: Forks) -> None:
    cli = Cli(site.folder, forks, app="")
    made = cli("keys", "create", "display", "--tenant", "acme", "--json")
    key = json.loads(made.out)["key"]
    assert key.startswith("mh_")
    assert site.ask("GET", "/v1/jobs", key=key).status == 200
    assert key not in (site.folder / "data" / "millhand.db").read_bytes().decode("latin-1")
    twice = cli("keys", "create", "display")
    assert (twice.code, "there is a key 'display'" in twice.err) == (2, True)
    assert cli("keys", "revoke", "display").code == 0
    assert site.ask("GET", "/v1/jobs", key=key).status == 401
    [shown] = [row for row in cli("keys", "list").table if row["name"] == "display"]
    assert (shown["role"], shown["tenant"], shown["state"]) == ("viewer", "acme", "revoked")
    assert cli("keys", "revoke", "nobody").code == 3
    actions = [one["action"] for one in site.ask("GET", "/v1/audit").json["items"] if one["target"] == "display"]
    assert actions == ["key.revoke", "key.create"]


def test_the_metrics_are_for_keys_of_no_tenant(site: Served) -> None:
    found = {key: site.ask("GET", "/metrics", key=key).status for key in (None, "mh_wrong", *site.keys.values())}
    assert {found[None], found["mh_wrong"]} == {401}
    assert [found[key] for (_, tenant), key in site.keys.items() if tenant] == [401] * 6
    assert [found[key] for (_, tenant), key in site.keys.items() if tenant is None] == [200] * 3
    assert site.ask("GET", "/metrics").status == site.ask("GET", "/health", key=None).status == 200


def test_elsewhere_it_refuses_to_start_without_a_key(tmp_path: Path, forks: Forks) -> None:
    ended = Cli(tmp_path, forks, app="")("serve", "--host", "0.0.0.0")  # noqa: S104 - that is the point
    assert ended.code == 2
    assert "no key is set" in ended.err
