"""Handing a unit to systemd. `systemctl` is a fake that notes what it was asked: tests must start nothing."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from millhand.deploy.errors import ServiceManagerFailed
from millhand.deploy.systemd import Systemd
from tests.unit.deploy.test_unit import USER


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the fake `systemctl` notes its arguments; it fails at what the file `refuses` says."""
    note = tmp_path / "asked"
    note.touch()
    program = tmp_path / "bin" / "systemctl"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$@" >>"{note}"\n'
        f'if grep -qx "$2" "{tmp_path}/refuses" 2>/dev/null; then echo "Access denied" >&2; exit 1; fi\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return note


@pytest.fixture
def manager(tmp_path: Path) -> Systemd:
    """A manager that runs, in folders of the test."""
    runtime = tmp_path / "runtime"
    (runtime / "systemd").mkdir(parents=True)
    (runtime / "systemd/private").touch()
    return Systemd.of_user(tmp_path / "home", runtime)


def test_install_writes_the_unit_and_starts_it(manager: Systemd, asked: Path) -> None:
    unit = replace(USER, env_file=manager.variables / "millhand.env")

    path = manager.install(unit, "# nothing yet\n", start=True)

    assert path.read_text() == unit.text()
    assert unit.env_file.read_text() == "# nothing yet\n"
    assert stat.S_IMODE(unit.env_file.stat().st_mode) == 0o600
    said = asked.read_text().splitlines()
    assert said == ["--user daemon-reload", "--user enable millhand.service", "--user restart millhand.service"]


def test_installing_again_replaces_the_unit_and_keeps_the_variables(manager: Systemd, asked: Path) -> None:
    unit = replace(USER, env_file=manager.variables / "millhand.env")
    manager.install(unit, "", start=False)
    unit.env_file.write_text("DATABASE_URL=sqlite:///mine.db\n")

    path = manager.install(replace(unit, stop_seconds=90.0), "", start=False)

    assert "TimeoutStopSec=100" in path.read_text()
    assert unit.env_file.read_text() == "DATABASE_URL=sqlite:///mine.db\n"
    assert asked.read_text() == ""
    assert [file.name for file in path.parent.iterdir()] == ["millhand.service"]


def test_uninstall_stops_it_and_leaves_its_variables(manager: Systemd, asked: Path) -> None:
    unit = replace(USER, env_file=manager.variables / "millhand.env")
    path = manager.install(unit, "", start=False)

    assert manager.uninstall(unit.file_name) == path
    assert manager.uninstall(unit.file_name) is None
    assert not path.exists()
    assert unit.env_file.exists()
    assert asked.read_text().splitlines() == ["--user disable --now millhand.service", "--user daemon-reload"]


def test_a_refusal_is_told_in_the_words_of_systemd(manager: Systemd, asked: Path, tmp_path: Path) -> None:
    (tmp_path / "refuses").write_text("enable\n")
    with pytest.raises(ServiceManagerFailed, match="Access denied"):
        manager.install(replace(USER, env_file=tmp_path / "env"), "", start=True)


def test_where_systemd_does_not_run_the_unit_is_written_and_that_is_said(manager: Systemd, tmp_path: Path) -> None:
    absent = replace(manager, sign=tmp_path / "nowhere")
    with pytest.raises(ServiceManagerFailed, match="systemd does not run here"):
        absent.install(replace(USER, env_file=tmp_path / "env"), "", start=True)
    assert (absent.units / USER.file_name).exists()
    assert absent.uninstall(USER.file_name) is not None


def test_a_folder_that_can_not_be_written_is_named(manager: Systemd, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServiceManagerFailed, match="file"):
        replace(manager, units=tmp_path / "file" / "units").install(
            replace(USER, env_file=tmp_path / "env"), "", start=False
        )
