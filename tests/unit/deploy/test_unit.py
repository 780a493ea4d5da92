"""The unit of systemd: what it says for whom, and that no value breaks out of its line."""

from dataclasses import replace
from pathlib import Path

import pytest

from millhand.core.errors import UsageError
from millhand.deploy.hardening import Engines, engines_of
from millhand.deploy.unit import WorkerUnit, quoted

SYSTEM = WorkerUnit(
    name="millhand",
    scope="system",
    command=("/opt/millhand/bin/python", "-m", "millhand", "worker"),
    programs=(Path("/opt/millhand"), Path("/usr")),
    env_file=Path("/etc/millhand/millhand.env"),
    engines=Engines(browser=True),
    stop_seconds=35.0,
)
USER = replace(SYSTEM, scope="user", folder=Path("/home/ada/work"), programs=(Path("/home/ada/venv"), Path("/usr")))


def lines(unit: WorkerUnit) -> list[str]:
    return unit.text().splitlines()


def test_a_service_of_the_machine_gets_a_user_and_folders_of_its_own() -> None:
    text = lines(SYSTEM)
    assert "DynamicUser=yes" in text
    assert "StateDirectory=millhand" in text
    assert "WorkingDirectory=%S/millhand" in text
    assert "WantedBy=multi-user.target" in text
    assert not [line for line in text if line.startswith(("User=", "BindPaths=", "ReadWritePaths="))]


def test_a_named_user_takes_the_place_of_one_that_systemd_makes() -> None:
    text = lines(replace(SYSTEM, user="exports", folder=Path("/srv/exports"), writable=(Path("/mnt/prints"),)))
    assert "User=exports" in text
    assert "DynamicUser=yes" not in text
    assert "WorkingDirectory=/srv/exports" in text
    assert {"ReadWritePaths=/srv/exports", "ReadWritePaths=/mnt/prints"} <= set(text)


def test_a_service_of_a_user_sees_of_the_homes_only_what_it_needs() -> None:
    text = lines(USER)
    assert "ProtectHome=tmpfs" in text
    assert "BindReadOnlyPaths=/home/ada/venv" in text
    assert "BindPaths=/home/ada/work" in text
    assert "WantedBy=default.target" in text
    assert not [line for line in text if "network-online" in line or "DynamicUser" in line or "=/usr" in line]


def test_systemd_waits_longer_than_the_worker_takes() -> None:
    assert "TimeoutStopSec=45" in lines(SYSTEM)
    assert "TimeoutStopSec=611" in lines(replace(SYSTEM, stop_seconds=600.5))


@pytest.mark.parametrize(("service", "browser"), [(None, True), ("page-export", True), ("docserver", False)])
def test_only_a_worker_without_a_browser_gives_up_what_browsers_need(service: str | None, *, browser: bool) -> None:
    text = replace(SYSTEM, engines=engines_of(service)).text()
    assert (" chroot" in text) is browser
    assert ("RestrictNamespaces=user pid net" in text) is browser
    assert ("@privileged" in text) is not browser
    assert "MemoryDenyWriteExecute" not in text


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("plain-1.0/x", "plain-1.0/x"),
        ("two words", '"two words"'),
        ('a "quote"', '"a \\"quote\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("100%", "100%%"),
        ("semi;colon", '"semi;colon"'),
        ("", '""'),
    ],
)
def test_words_are_quoted_for_systemd(word: str, written: str) -> None:
    assert quoted(word) == written


def test_a_command_line_expands_no_variables() -> None:
    unit = replace(SYSTEM, command=("/opt/py", "$HOME"))
    assert "ExecStart=/opt/py $$HOME" in lines(unit)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "../evil"},
        {"name": ""},
        {"name": "two\nlines"},
        {"folder": Path("/srv/x")},
        {"scope": "user"},
        {"scope": "user", "folder": Path("/home/ada"), "user": "ada"},
    ],
)
def test_what_systemd_would_not_take_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        replace(SYSTEM, **changes)


def test_a_value_of_several_lines_is_refused() -> None:
    with pytest.raises(UsageError):
        replace(USER, folder=Path("/home/ada\nUser=root")).text()
