"""The start-up checks: the defaults pass, and each relation that does not hold is told with a fix."""

from typing import Any

import pytest

from millhand.config import Settings, check
from millhand.core.context import Context
from millhand.core.finding import Finding, Level
from millhand.core.job import Args
from millhand.core.limits import MIB, Limits
from millhand.core.registry import Kind
from millhand.core.retry import RetryPolicy

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens here


class _Nothing(Args, kind="test.nothing"):
    pass


def _handler(ctx: Context, args: _Nothing) -> None:
    pass


def _kind(name: str = "test.nothing", *, retry: RetryPolicy | None = None, limits: Limits | None = None) -> Kind:
    return Kind(name, _Nothing, _handler, retry or RetryPolicy(), limits or Limits())


def _finding(found: list[Finding], check_id: str) -> Finding:
    (finding,) = [each for each in found if each.id == check_id]
    return finding


def test_the_defaults_pass() -> None:
    assert {each.level for each in check(Settings())} <= {Level.OK, Level.NOT_APPLICABLE}


@pytest.mark.parametrize(
    ("values", "check_id", "level"),
    [
        ({"worker": {"lease": 2}}, "worker.lease", Level.WARNING),
        ({"worker": {"grace": 10}}, "worker.grace", Level.WARNING),
        ({"worker": {"poll": 15}}, "worker.poll", Level.ERROR),
        ({"worker": {"kill_after": 31}}, "worker.kill_after", Level.WARNING),
        ({"worker": {"recycle_memory": 2048}}, "worker.recycle_memory", Level.ERROR),
        ({"http": {"host": EVERYWHERE}}, "http.key", Level.ERROR),
        ({"proxy": {"trusted": ["127.0.0.1"]}}, "http.key", Level.ERROR),
        ({"proxy": {"user_header": "X-Forwarded-User"}}, "proxy.user_header", Level.ERROR),
        ({"durability": "normal"}, "durability", Level.WARNING),
        ({"blob_roots": ["/"]}, "blob_roots", Level.WARNING),
        ({"blobs": {"s3": {"endpoint": "http://minio.example.com:9000"}}}, "blobs.endpoint", Level.WARNING),
        ({"blobs": {"s3": {"access_key_id": "AKIA"}}}, "blobs.s3.key", Level.ERROR),
        ({"blobs": {"prefixes": ["az://reports"]}}, "blobs.azure.account", Level.ERROR),
    ],
)
def test_what_does_not_fit_is_told_with_a_fix(values: dict[str, Any], check_id: str, level: Level) -> None:
    finding = _finding(check(Settings.model_validate(values)), check_id)
    assert finding.level is level
    assert finding.finding.endswith(".")
    assert finding.fix.endswith(".")


@pytest.mark.parametrize(
    ("values", "check_id"),
    [
        ({"http": {"host": EVERYWHERE, "key": "k"}}, "http.key"),
        ({"http": {"host": "::1"}}, "http.key"),
        ({"http": {"key": "k"}, "proxy": {"trusted": ["127.0.0.1"]}}, "http.key"),
        ({"proxy": {"trusted": ["127.0.0.1"], "user_header": "X-Forwarded-User"}}, "proxy.user_header"),
        ({"worker": {"lease": 5, "grace": 6, "poll": 4.9}}, "worker.poll"),
        ({"worker": {"recycle_memory": 2047}}, "worker.recycle_memory"),
    ],
)
def test_what_just_fits_is_fine(values: dict[str, Any], check_id: str) -> None:
    assert _finding(check(Settings.model_validate(values)), check_id).level is Level.OK


def test_what_is_switched_off_is_not_checked() -> None:
    settings = Settings.model_validate({"http": {"host": ""}, "worker": {"recycle_memory": 0}})
    found = check(settings)
    assert _finding(found, "http.key").level is Level.NOT_APPLICABLE
    assert _finding(found, "worker.recycle_memory").level is Level.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("kind", "check_id", "level"),
    [
        (_kind(limits=Limits(hard=20)), "kind.test.nothing.grace", Level.OK),
        (_kind(limits=Limits(hard=31)), "kind.test.nothing.grace", Level.OK),
        (_kind(limits=Limits(soft=10, hard=20)), "kind.test.nothing.soft", Level.OK),
        (_kind(), "kind.test.nothing.soft", Level.NOT_APPLICABLE),
        (_kind(), "kind.test.nothing.retry", Level.OK),
        (_kind(retry=RetryPolicy.fixed(60, 200_000)), "kind.test.nothing.retry", Level.WARNING),
        (_kind(retry=RetryPolicy(max_attempts=1, first=200_000)), "kind.test.nothing.retry", Level.OK),
        (_kind(), "kind.test.nothing.engine", Level.NOT_APPLICABLE),
        (_kind("document.convert", limits=Limits(hard=300)), "kind.document.convert.engine", Level.OK),
        (_kind("document.convert", limits=Limits(hard=60)), "kind.document.convert.engine", Level.ERROR),
        (
            _kind("document.convert", limits=Limits(hard=300, memory=1024 * MIB)),
            "kind.document.convert.engine",
            Level.ERROR,
        ),
    ],
)
def test_the_rules_of_a_kind_are_checked(kind: Kind, check_id: str, level: Level) -> None:
    assert _finding(check(Settings(), [kind]), check_id).level is level


def test_ids_are_unique() -> None:
    found = check(Settings(), [_kind(), _kind("document.convert")])
    assert len({each.id for each in found}) == len(found)
