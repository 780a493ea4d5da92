"""`millhand service`: its unit passes the checks of systemd, and the command line in it drains."""

import configparser
import json
import shlex
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from millhand.services.environment import variables_of_file
from tests.integration.cli.conftest import Cli, Ended, Running
from tests.support import wait_until

MOST_EXPOSURE = 2.0
WORKERS = [(), ("page-export",), ("--user",), ("--as", "exports", "--folder", "/srv/two words", "--writable", "/mnt/x")]


def unit(ended: Ended) -> Mapping[str, str]:
    """The section [Service] of a unit; of settings with several lines the last."""
    assert ended.code == 0, ended.err
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # pyright: ignore[reportAttributeAccessIssue] - as the documentation of configparser says
    parser.read_string(ended.out)
    return parser["Service"]


def checked(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *command], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.needs("systemd-analyze")
@pytest.mark.parametrize("words", WORKERS, ids=" ".join)
def test_systemd_accepts_the_unit_and_finds_little_to_expose(bare: Cli, words: tuple[str, ...]) -> None:
    shown = bare("service", "show", "--name", "checked", *words)
    assert shown.code == 0, shown.err
    file = bare.folder / "checked.service"
    # The unit of a user never runs as root, which the check can't know: it is told so in other words.
    file.write_text(shown.out.replace("[Service]", "[Service]\nDynamicUser=yes") if "--user" in words else shown.out)

    verified = checked("verify", "--man=no", str(file), folder=bare.folder)
    assert (verified.returncode, verified.stderr) == (0, "")

    threshold = f"--threshold={MOST_EXPOSURE * 10:g}"
    scored = checked("security", "--offline=true", "--no-pager", threshold, str(file), folder=bare.folder)
    assert scored.returncode == 0, scored.stdout


def test_the_command_line_of_the_unit_drains_on_sigterm(cli: Cli) -> None:
    env_file = cli.folder / "worker.env"
    env_file.write_text(f"MILLHAND_APP={cli.app}\nMILLHAND_HTTP__PORT=0\nMILLHAND_WORKER__EXECUTORS=1\n")
    shown = unit(cli("service", "show", "--user", "--env-file", str(env_file)))

    command = [word.replace("$$", "$").replace("%%", "%") for word in shlex.split(shown["ExecStart"])]
    process = subprocess.Popen(
        command,
        cwd=shown["WorkingDirectory"],
        env={"PATH": "/usr/bin:/bin", **variables_of_file(Path(shown["EnvironmentFile"]))},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with Running(process) as worker:
        worker.until_it_says("Ctrl-C")
        go = cli.folder / "go"
        cli("enqueue", "sum.nap", json.dumps({"until": str(go)}))
        wait_until(lambda: cli("jobs", "list", "state:running", "-q").table, within=30, every=0.2)
        process.send_signal(signal.SIGTERM)
        worker.until_it_says("Draining")
        go.touch()
        ended = worker.end()

    assert ended.code == 0, ended.err
    assert cli("jobs", "list").table[0]["state"] == "completed"


def test_its_time_to_stop_follows_the_grace_of_the_worker(bare: Cli) -> None:
    shown = unit(bare("service", "show", MILLHAND_WORKER__GRACE="5m", MILLHAND_WORKER__KILL_AFTER="7s"))
    assert float(shown["TimeoutStopSec"]) > 307


def test_install_and_uninstall_for_a_user(bare: Cli) -> None:
    home = str(bare.folder / "home")
    installed = bare("service", "install", "page-export", "--user", "--no-start", HOME=home)
    assert installed.code == 0, installed.err
    path = Path(installed.out.strip())
    assert path == Path(home, ".config/systemd/user/millhand-page-export.service")
    variables = Path(unit(Ended(0, path.read_text(), ""))["EnvironmentFile"])
    assert "#API_URL=" in variables.read_text()
    assert variables_of_file(variables) == {}
    assert "systemctl --user enable --now millhand-page-export.service" in installed.err.replace(
        "daemon-reload && ", ""
    )

    removed = bare("service", "uninstall", "page-export", "--user", HOME=home, XDG_RUNTIME_DIR=home)
    assert removed.code == 0, removed.err
    assert not path.exists()
    assert variables.exists()
    assert bare("service", "uninstall", "page-export", "--user", HOME=home, XDG_RUNTIME_DIR=home).code == 3


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "no-such-service"), 3),
        (("show", "--folder", "/srv/x"), 2),
        (("show", "--name", "../x"), 2),
        (("show", "--database", "postgresql://me:secret@db/x"), 2),
    ],
)
def test_what_can_not_be_is_refused(bare: Cli, words: tuple[str, ...], code: int) -> None:
    ended = bare("service", *words)
    assert ended.code == code
    assert "secret" not in ended.err
