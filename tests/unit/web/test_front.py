"""Whom a request comes from, and by which path, when proxies tell of it."""

from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from millhand.config.proxy import ProxySettings
from millhand.web.front import Front, Proxies, prefix_of

TRUSTED = ("10.0.0.0/8", "::1")


async def _seen(peer: str, headers: dict[str, str], path: str = "/", prefix: str = "") -> Scope:
    seen: list[Scope] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pass

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "client": (peer, 1), "scheme": "http", "headers": raw, "root_path": ""}
    await Front(app, Proxies(TRUSTED), prefix)(scope, receive, send)
    return seen[0]


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("10.0.0.5", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.5", "198.51.100.9, 192.0.2.1", "192.0.2.1"),
        ("10.0.0.5", "192.0.2.1, 10.9.9.9", "192.0.2.1"),
        ("10.0.0.5", "192.0.2.1:4711", "192.0.2.1"),
        ("10.0.0.5", "[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.5", "192.0.2.1, nonsense", "10.0.0.5"),
        ("10.0.0.5", "10.0.0.1, 10.0.0.2", "10.0.0.1"),
        ("::ffff:10.0.0.5", "192.0.2.1", "192.0.2.1"),
        ("::1", "192.0.2.1", "192.0.2.1"),
        ("192.0.2.77", "192.0.2.1", "192.0.2.77"),
        ("", "192.0.2.1", ""),
    ],
)
async def test_the_client_is_the_last_one_that_is_no_trusted_proxy(peer: str, told: str, client: str) -> None:
    assert (await _seen(peer, {"X-Forwarded-For": told}))["client"][0] == client


@pytest.mark.parametrize(
    ("peer", "told", "scheme"),
    [
        ("10.0.0.5", "https", "https"),
        ("10.0.0.5", "http, https", "https"),
        ("10.0.0.5", "javascript", "http"),
        ("192.0.2.77", "https", "http"),
    ],
)
async def test_the_scheme_is_that_of_a_trusted_proxy(peer: str, told: str, scheme: str) -> None:
    assert (await _seen(peer, {"X-Forwarded-Proto": told}))["scheme"] == scheme


@pytest.mark.parametrize(
    ("path", "peer", "told", "seen"),
    [
        ("/m/jobs", "192.0.2.77", "", ("/jobs", "/m")),
        ("/jobs", "192.0.2.77", "", ("/jobs", "/m")),
        ("/m", "192.0.2.77", "", ("/", "/m")),
        ("/mill", "192.0.2.77", "", ("/mill", "/m")),
        ("/other/jobs", "10.0.0.5", "/other/", ("/jobs", "/other")),
        ("/other/jobs", "192.0.2.77", "/other", ("/other/jobs", "/m")),
        ("/jobs", "10.0.0.5", "//evil.example", ("/jobs", "/m")),
        ("/jobs", "10.0.0.5", "/a/../b", ("/jobs", "/m")),
    ],
)
async def test_the_app_sees_paths_without_the_prefix(path: str, peer: str, told: str, seen: Any) -> None:  # noqa: ANN401 - a pair
    scope = await _seen(peer, {"X-Forwarded-Prefix": told}, path, "/m")
    assert (scope["path"], prefix_of(scope)) == seen


@pytest.mark.parametrize("bad", [{"path_prefix": "millhand"}, {"path_prefix": "/a//b"}, {"trusted": "proxy.example"}])
def test_settings_that_mean_nothing_are_refused(bad: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is no"):
        ProxySettings.model_validate(bad)
