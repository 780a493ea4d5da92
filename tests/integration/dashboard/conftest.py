"""The dashboard of a small app, open and behind keys; visitors without a script, and a browser."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from http.client import HTTPResponse
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, sync_playwright

from millhand.engines.chromium import install
from millhand.ledger.api_keys import ApiKeys
from tests.integration.web.conftest import OWNER, Answer, Served, app_at, serving

AXE = Path(__file__).parent / "node" / "node_modules" / "axe-core" / "axe.min.js"
_TOKEN = re.compile(r'name="token" value="([0-9a-f]{64})"')


class Open(Served):
    """A site that asks nobody for a key."""

    @contextmanager
    def asking(
        self, method: str, path: str, body: object = None, *, key: str | None = None, **headers: str
    ) -> Iterator[HTTPResponse]:
        with super().asking(method, path, body, key=None, **headers) as response:
            yield response


@dataclass
class Visitor:
    """Somebody with a browser that has no scripts: keeps cookies, follows one redirect, fills in forms."""

    served: Served
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str) -> Answer:
        return self._ask("GET", path)

    def post(self, path: str, **fields: str) -> Answer:
        """Send a form with the token of the page that was seen last."""
        form = urlencode({"token": self.token, **fields})
        return self._ask("POST", path, form.encode(), Content_Type="application/x-www-form-urlencoded")

    def act(self, path: str, **fields: str) -> Answer:
        """Send a form, and see where it leads."""
        answer = self.post(path, **fields)
        assert answer.status == 303, (answer.status, text(answer))
        return self.get(answer.headers["location"])

    def _ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.served.ask(method, path, body, key=None, **({"Cookie": kept} if kept else {}), **headers)
        for name, morsel in SimpleCookie(answer.headers.get("set-cookie", "")).items():
            self.cookies[name] = morsel.value
        found = _TOKEN.search(answer.body.decode(errors="replace"))
        self.token = found[1] if found else self.token
        return answer


def text(answer: Answer) -> str:
    """What a page says, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.body.decode())).split())


@pytest.fixture(scope="session")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with a worker on this machine alone, which asks nobody for a key; with a job of each end."""
    folder = tmp_path_factory.mktemp("shown")
    with serving(folder, "up", "--executors", "1", MILLHAND_WORKER__SLOTS="4") as port:
        site = Open(folder, port)
        target = (folder / "data" / "made" / "note").as_uri()
        written = site.send("note.write", {"text": "hello", "target": target})
        failed = site.send("note.fail", {"reason": "no <b>ink</b>"})
        later = site.send("note.write", {"text": "later"}, wait=0, delay=3600)
        jobs = {"written": written["id"], "failed": failed["id"], "later": later["id"]}
        yield Open(folder, port, jobs=jobs)


@pytest.fixture
def visitor(shown: Served) -> Visitor:
    return Visitor(shown)


@pytest.fixture(scope="session")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site that does no jobs, and asks everybody for a key; with a job of a tenant."""
    folder = tmp_path_factory.mktemp("closed")
    with serving(folder, "serve", MILLHAND_HTTP__KEY=OWNER) as port:
        bare = Served(folder, port)
        keys = asyncio.run(_make_keys(folder))
        jobs = {tenant: bare.send("note.write", wait=0, tenant=tenant)["id"] for tenant in ("acme", "bolt")}
        yield Served(folder, port, keys, jobs)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser that millhand itself would use."""
    switches = [] if install.may_be_sandboxed() else ["--no-sandbox"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=install.find(), args=switches)
        yield started
        started.close()


async def _make_keys(folder: Path) -> dict[tuple[str, str | None], str]:
    async with app_at(folder) as app:
        keys = ApiKeys((await app.backend()).database)
        wanted: list[tuple[str, str | None]] = [("viewer", None), ("operator", "acme"), ("admin", None)]
        return {(role, tenant): await keys.create(f"{role}-{tenant}", role, tenant, "test") for role, tenant in wanted}
