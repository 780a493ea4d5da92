"""The application that the page exporter works for, in small: its API with the original's states, and its pages."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

PAGE = """<!doctype html><meta charset=utf-8>
<style>html, body { margin: 0; background: #eef; font: 4vw "DejaVu Sans" } h1 { margin: 1em }</style>
<h1></h1>
<script>
  const data = new URLSearchParams(location.search).get('data')
  const map = JSON.parse(atob(data.replace(/-/g, '+').replace(/_/g, '/')))
  document.querySelector('h1').textContent = map.title
  if (map.subtitle) window.__RENDER_ERROR__ = map.subtitle
  else window.__RENDER_READY__ = true
</script>
"""
"""A page as the original's: it decodes its data as Latin-1, and tells when it is ready. A subtitle is an error."""


@dataclass(frozen=True)
class Call:
    """A call to the API, and what it was answered."""

    method: str
    path: str
    headers: dict[str, str]
    body: str
    status: int

    @property
    def step(self) -> str:
        """Its last word: start, complete or fail."""
        return self.path.rsplit("/", 1)[-1]


@dataclass
class PrintJob:
    """A row of the original's table."""

    state: str = "pending_export"
    path: str | None = None
    error: str | None = None
    retries: int = 0


@dataclass
class Application:
    """What tests see of it. `answers` are statuses that the next calls of a step get in place of the real ones."""

    port: int = 0
    jobs: dict[str, PrintJob] = field(default_factory=dict[str, PrintJob])
    calls: list[Call] = field(default_factory=list[Call])
    answers: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    page: str = PAGE
    page_answers: list[int] = field(default_factory=list[int])
    rendered: list[str] = field(default_factory=list[str])
    gates: dict[str, threading.Event] = field(default_factory=dict[str, threading.Event])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Begin anew."""
        fresh = Application(port=self.port)
        for name in ("jobs", "calls", "answers", "page", "page_answers", "rendered", "gates"):
            setattr(self, name, getattr(fresh, name))

    def add(self, job_id: str) -> str:
        """Make a row."""
        self.jobs[job_id] = PrintJob()
        return job_id

    @property
    def newest(self) -> str:
        """The row that was made last."""
        return next(reversed(self.jobs))

    def steps(self, job_id: str) -> list[str]:
        """The calls for a job, in order."""
        return [call.step for call in self.calls if f"/jobs/{job_id}/" in call.path]

    def hold(self, step: str) -> threading.Event:
        """Let calls of that step wait until the event is set."""
        self.gates[step] = threading.Event()
        return self.gates[step]

    def post(self, path: str, body: str) -> tuple[int, object]:
        """What the API does with a call."""
        *_, job_id, step = path.split("/")
        if self.answers.get(step):
            status = self.answers[step].pop(0)
            return status, {"success": False, "error": f"told to answer {status}"}
        try:
            job = self._step(job_id, step, json.loads(body or "null"))
        except LookupError as error:  # the original answers so to everything that goes wrong
            return 400, {"success": False, "error": str(error.args[0])}
        return 200, {"success": True, "job": {"id": job_id, "state": job.state}}

    def _step(self, job_id: str, step: str, content: Any) -> PrintJob:  # noqa: ANN401 - JSON
        if job_id not in self.jobs:
            raise LookupError(f"Print job {job_id} not found")
        job = self.jobs[job_id]
        match step:
            case "start":
                self._require(job, "start", {"pending_export", "exporting"})
                job.state = "exporting"
            case "complete":
                if job.state == "export_complete" and job.path != content["filePath"]:
                    raise LookupError(f"Job already completed with different file: {job.path} vs {content['filePath']}")
                self._require(job, "complete", {"exporting", "export_complete"})
                job.state, job.path = "export_complete", content["filePath"]
            case _:
                self._require(job, "fail", {"exporting", "export_failed"})
                job.state, job.error, job.retries = "export_failed", content["error"], job.retries + 1
        return job

    def _require(self, job: PrintJob, verb: str, states: set[str]) -> None:
        if job.state not in states:
            raise LookupError(f"Cannot {verb} export from state {job.state}")


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, application: Application) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.application = application
        application.port = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """Who goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 20

    @property
    def _application(self) -> Application:
        assert isinstance(self.server, _Server)
        return self.server.application

    def do_GET(self) -> None:
        application = self._application
        if urlsplit(self.path).path != "/render":
            self._say(404, "text/plain", b"nothing here")
            return
        application.rendered.append(self.path)
        status = application.page_answers.pop(0) if application.page_answers else 200
        self._say(status, "text/html", application.page.encode())

    def do_POST(self) -> None:
        application = self._application
        body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
        status, content = application.post(self.path, body)
        application.calls.append(Call("POST", self.path, _lower(self.headers), body, status))
        gate = application.gates.get(self.path.rsplit("/", 1)[-1])
        if gate is not None:
            gate.wait(30)
        with contextlib.suppress(OSError):
            self._say(status, "application/json", json.dumps(content).encode())

    def _say(self, status: int, media_type: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay silent."""


def _lower(headers: Message) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextlib.contextmanager
def serving() -> Iterator[Application]:
    """The application, as long as the block lasts."""
    application = Application()
    server = _Server(application)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, name="application")
    thread.start()
    try:
        yield application
    finally:
        for gate in application.gates.values():
            gate.set()
        server.shutdown()
        thread.join()
        server.server_close()
