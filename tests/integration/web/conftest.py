"""`millhand up` with the tiny app and a key, as a process; and a client that speaks plain HTTP to it."""

import asyncio
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from millhand import App, Args
from millhand.config import Settings
from millhand.ledger.api_keys import ApiKeys
from tests.integration.web import shop
from tests.support import wait_until

OWNER = "the-owner's-key"
TENANTS = ("acme", "bolt")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON value
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """A running site: where it is, its keys by role and tenant, and a finished job of each tenant."""

    folder: Path
    port: int
    keys: Mapping[tuple[str, str | None], str] = field(default_factory=dict)
    jobs: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def asking(
        self, method: str, path: str, body: object = None, *, key: str | None = OWNER, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """An answer that is read as it comes; names of headers are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        if key is not None:
            sent["Authorization"] = f"Bearer {key}"
        try:
            connection.request(method, path, content, sent)
            with connection.getresponse() as response:
                yield response
        finally:
            connection.close()

    def ask(self, method: str, path: str, body: object = None, *, key: str | None = OWNER, **headers: str) -> Answer:
        """A whole answer."""
        with self.asking(method, path, body, key=key, **headers) as response:
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())

    def send(self, kind: str, args: Mapping[str, object] | None = None, *, wait: float = 20, **more: object) -> Any:  # noqa: ANN401 - any JSON
        """Send a job, and wait for it."""
        answer = self.ask("POST", f"/v1/jobs?wait={wait:g}", {"kind": kind, "args": args or {}, **more})
        assert answer.status in (200, 202), answer.body
        return answer.json


def form(**parts: str | tuple[str, bytes]) -> tuple[bytes, str]:
    """The body of a form, and its type: texts, and files with their names."""
    lines: list[bytes] = []
    for name, part in parts.items():
        filename, content = ("", part.encode()) if isinstance(part, str) else part
        shown = f'; filename="{filename}"' if filename else ""
        lines += [b"--cut", f'Content-Disposition: form-data; name="{name}"{shown}'.encode(), b"", content]
    return b"\r\n".join([*lines, b"--cut--", b""]), "multipart/form-data; boundary=cut"


@contextmanager
def serving(folder: Path, *arguments: str, **variables: str) -> Iterator[int]:
    """`millhand` with these arguments; gives its port once it is ready."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    environment = {**kept, "MILLHAND_APP": str(Path(shop.__file__)), "MILLHAND_HTTP__PORT": "0", **variables}
    command = [sys.executable, "-m", "millhand", *arguments]
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stderr=log, text=True)
        try:
            port = wait_until(lambda: _port(folder / "log", process), within=30, what="serving")
            wait_until(lambda: Served(folder, port).ask("GET", "/ready").status == 200, within=30, what="ready")
            yield port
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with a worker, which every caller needs a key for."""
    folder = tmp_path_factory.mktemp("site")
    with serving(folder, "up", "--executors", "1", MILLHAND_WORKER__SLOTS="4", MILLHAND_HTTP__KEY=OWNER) as port:
        keys = asyncio.run(_make_keys(folder))
        bare = Served(folder, port)
        target = (folder / "data" / "made").as_uri()
        jobs = {
            tenant: bare.send("note.write", {"text": f"for {tenant}", "target": f"{target}/{tenant}"}, tenant=tenant)
            for tenant in TENANTS
        }
        yield Served(folder, port, keys, {tenant: job["id"] for tenant, job in jobs.items()})


def app_at(folder: Path) -> App:
    """An app on the database of a site, for what a test does without HTTP."""
    app = App(settings=Settings(database=f"sqlite:///{folder}/data/millhand.db", data_dir=folder / "data"))
    app.include(shop.app)
    return app


async def enqueued(folder: Path, args: Args) -> str:
    """The id of a job that was sent past the API."""
    async with app_at(folder) as app:
        return (await app.enqueue(args)).id


async def _make_keys(folder: Path) -> dict[tuple[str, str | None], str]:
    async with app_at(folder) as app:
        keys = ApiKeys((await app.backend()).database)
        wanted = [(role, tenant) for role in ("viewer", "operator", "admin") for tenant in (None, *TENANTS)]
        return {(role, tenant): await keys.create(f"{role}-{tenant}", role, tenant, "test") for role, tenant in wanted}


def _port(log: Path, process: "subprocess.Popen[str]") -> int:
    text = log.read_text()
    assert process.poll() is None, text
    _, found, rest = text.partition("health   http://127.0.0.1:")
    return int(rest.partition("/")[0]) if found else 0
