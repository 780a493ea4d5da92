"""A private Azure Blob server for tests (Azurite, an npm package), started in a folder and thrown away."""

import base64
import hashlib
import hmac
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from millhand.core.errors import ConfigError
from millhand.stores import AzureAccess

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account that every Azurite has, and its key, which its documentation publishes."""

_HOST = "127.0.0.1"
_PATIENCE = 30.0
_VERSION = "2021-08-06"


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as probe:
        return probe.getsockname()[1]


@dataclass(slots=True)
class AzuriteServer:
    """One server on a free port of the loopback; `command` is Node with Azurite's program for blobs."""

    folder: Path
    command: Sequence[str | Path]
    port: int = field(default_factory=_free_port)
    _process: subprocess.Popen[bytes] | None = None
    _containers: int = 0

    @property
    def endpoint(self) -> str:
        """The URL that clients are given."""
        return f"http://{_HOST}:{self.port}/{ACCOUNT}"

    @property
    def access(self) -> AzureAccess:
        """How its account is reached."""
        return AzureAccess(endpoint=self.endpoint, account=ACCOUNT, key=KEY, origin="the test")

    @property
    def connection_string(self) -> str:
        """The same as Azure's tools write it."""
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};BlobEndpoint={self.endpoint};"

    def start(self) -> None:
        """Start it, and wait until it answers; raises `ConfigError` if it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        options = [
            f"--location={self.folder}",
            f"--blobHost={_HOST}",
            f"--blobPort={self.port}",
            "--silent",
            "--disableTelemetry",
            "--skipApiVersionCheck",
        ]
        with (self.folder / "server.log").open("ab") as log:
            command = [*(str(part) for part in self.command), *options]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + _PATIENCE
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ConfigError("Azurite does not start", hint=(self.folder / "server.log").read_text()[-500:])
            time.sleep(0.02)

    def stop(self) -> None:
        """End it. Calling it twice is harmless."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_PATIENCE)
            self._process = None

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex((_HOST, self.port)) == 0

    def fresh(self) -> str:
        """Make a new container; returns its name."""
        self._containers += 1
        name = f"test-{self._containers}"
        request = _signed("PUT", f"{self.endpoint}/{name}", {"restype": "container"})
        try:
            with urllib.request.urlopen(request):  # noqa: S310 - our own server
                return name
        except urllib.error.HTTPError as error:
            raise ConfigError("Azurite makes no container", hint=error.read().decode(errors="replace")) from error


@contextmanager
def azurite_server(folder: Path, command: Sequence[str | Path]) -> Generator[AzuriteServer]:
    """A running server in a folder that is new; it ends with the block."""
    server = AzuriteServer(folder, command)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _signed(method: str, url: str, query: dict[str, str]) -> urllib.request.Request:
    """A request without a body, signed by the account's key (Microsoft, "Authorize with Shared Key")."""
    headers = {"x-ms-date": formatdate(usegmt=True), "x-ms-version": _VERSION}
    lines = [
        method,
        *[""] * 11,  # headers that it does not have
        *(f"{name}:{value}" for name, value in headers.items()),
        f"/{ACCOUNT}{urlsplit(url).path}",
        *(f"{name}:{value}" for name, value in query.items()),
    ]
    digest = hmac.digest(base64.b64decode(KEY), "\n".join(lines).encode(), hashlib.sha256)
    headers["Authorization"] = f"SharedKey {ACCOUNT}:{base64.b64encode(digest).decode()}"
    return urllib.request.Request(f"{url}?{urlencode(query)}", method=method, headers=headers)  # noqa: S310
