"""Documents that are named by an address of the web: fetched from public places, within bounds."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from millhand.core.clock import SystemClock
from millhand.web.fetching import Fetcher, Place
from millhand.web.problems import Refused
from tests.integration.dashboard.conftest import Visitor, text
from tests.integration.web.conftest import Served, serving
from tests.support import needs_soffice

LARGEST = 100_000
_TLS = Path(__file__).parents[2] / "tls"
_MOVED = {
    "/moved/letter.txt": "/letter.txt",
    "/moved/private": "http://169.254.169.254/latest/meta-data/",
    "/moved/by-name": "http://localhost:{port}/letter.txt",
    "/moved/file": "file:///etc/passwd",
    "/circle": "/circle",
}
_ANSWERS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/letter.txt": (200, {"Content-Type": "image/png"}, b"Dear reader"),
    "/download": (200, {}, b"Dear reader"),
    "/named": (200, {"Content-Disposition": "attachment; filename*=UTF-8''..%2Fmy%20letter.docx"}, b"Dear reader"),
    "/named/badly.txt": (200, {"Content-Disposition": "attachment; filename=letter"}, b"Dear reader"),
    "/large": (200, {}, b"x" * (LARGEST + 1)),
    "/declared": (200, {"Content-Length": "999999999"}, b""),
    "/short": (200, {"Content-Length": "50"}, b"Dear"),
    "/packed": (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b"),
    "/drips": (200, {}, b"D"),
}


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"  # pyright: ignore[reportIncompatibleVariableOverride] - it is one

    def do_GET(self) -> None:
        if self.path in _MOVED:
            self.send_response(302)
            self.send_header("Location", _MOVED[self.path].format(port=self.server.server_port))
            self.end_headers()
            return
        status, headers, body = _ANSWERS.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # the client went away
            self.wfile.write(body)
            while self.path == "/drips" and not self.server.over.wait(0.02):
                self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.over = threading.Event()


@contextmanager
def _serving(seal: Callable[[socket.socket], socket.socket] = lambda plain: plain) -> Iterator[int]:
    server = _Server()
    server.socket = seal(server.socket)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def shelf() -> Iterator[str]:
    """Somebody's web server; where it is."""
    with _serving() as port:
        yield f"127.0.0.1:{port}"


def _fetcher(*named: str, seconds: float = 10.0) -> Fetcher:
    return Fetcher(frozenset(named), LARGEST, seconds, SystemClock())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/letter.txt", "letter.txt"),
        ("/moved/letter.txt", "letter.txt"),
        ("/download", ""),
        ("/named", "my letter.docx"),
        ("/named/badly.txt", "badly.txt"),
    ],
)
async def test_a_file_comes_with_the_name_of_its_address(shelf: str, path: str, name: str) -> None:
    async with _fetcher(shelf).fetched(Place(f"http://{shelf}{path}")) as file:
        assert (await file.read(), file.filename, file.content_type) == (b"Dear reader", name, None)


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        ("/moved/private", 403, "address_refused", "169.254.169.254 is not public"),
        ("/moved/by-name", 403, "address_refused", "localhost is not public"),
        ("/moved/file", 422, "source_unreachable", "leads to no address of the web"),
        ("/circle", 422, "source_unreachable", "more than 5 times"),
        ("/none", 422, "source_unreachable", "status 404"),
        ("/large", 413, "too_large", "larger than 100,000 bytes"),
        ("/declared", 413, "too_large", "larger than 100,000 bytes"),
        ("/short", 422, "source_unreachable", "broke off after 4 of 50 bytes"),
        ("/packed", 422, "source_unreachable", "packed"),
    ],
)
async def test_what_can_not_be_fetched_is_told(shelf: str, path: str, status: int, code: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        async with _fetcher(shelf).fetched(Place(f"http://{shelf}{path}")):
            pass
    assert (caught.value.status, caught.value.code, bool(caught.value.hint)) == (status, code, True)


async def test_what_comes_by_drips_is_not_waited_for(shelf: str) -> None:
    with pytest.raises(Refused, match=r"longer than 0\.3 s"):
        async with _fetcher(shelf, seconds=0.3).fetched(Place(f"http://{shelf}/drips")):
            pass


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "10.0.0.1", "169.254.169.254", "2130706433"])
async def test_nothing_private_is_reached(host: str) -> None:
    with pytest.raises(Refused, match="is not public"):
        async with _fetcher().fetched(Place(f"http://{host}:8450/v1/jobs")):
            pass


@pytest.mark.parametrize(("host", "fits"), [("localhost", True), ("127.0.0.1", True), ("shelf.localhost", False)])
async def test_a_certificate_must_be_for_the_host(host: str, fits: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a parameter
    monkeypatch.setenv("SSL_CERT_FILE", str(_TLS / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_TLS / "server.pem", _TLS / "server.key")
    with _serving(lambda plain: context.wrap_socket(plain, server_side=True)) as port:
        place = Place(f"https://{host}:{port}/letter.txt")
        if fits:
            async with _fetcher(host).fetched(place) as file:
                assert await file.read() == b"Dear reader"
        else:
            with pytest.raises(Refused, match="certificate"):
                async with _fetcher(host).fetched(place):
                    pass


async def test_a_server_that_speaks_no_tls_is_told_of() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        with pytest.raises(Refused, match=r"can't be fetched from 127\.0\.0\.1"):
            async with _fetcher("127.0.0.1").fetched(Place(f"https://127.0.0.1:{port}/x.docx")):
                pass
        thread.join()


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, shelf: str) -> Iterator[Served]:
    """A site with millhand's own kinds, which may reach the shelf."""
    folder = tmp_path_factory.mktemp("works")
    with serving(folder, "up", "--executors", "1", MILLHAND_APP="", MILLHAND_CHROMIUM__ALLOWED_HOSTS=shelf) as port:
        yield Served(folder, port)


@needs_soffice
def test_a_document_is_converted_by_its_address(works: Served, shelf: str) -> None:
    answer = works.ask("POST", "/v1/convert", {"source": f"http://{shelf}/moved/letter.txt"}, key=None)
    assert (answer.status, answer.body[:5]) == (200, b"%PDF-"), answer.body
    job = works.ask("GET", answer.headers["location"], key=None).json
    assert (job["args"]["name"], job["args"]["source"].partition(":")[0]) == ("letter.txt", "file")
    named = {"source": f"http://{shelf}/download", "name": "letter.txt"}
    assert works.ask("POST", "/v1/convert", named, key=None).body[:5] == b"%PDF-"


def test_the_form_for_a_job_takes_an_address_as_well(works: Served, shelf: str) -> None:
    visitor = Visitor(works)
    visitor.get("/new/document.convert")
    sent = visitor.act("/new/document.convert", source=f"http://{shelf}/letter.txt")
    assert (sent.status, "/letter.txt" in text(sent), shelf in text(sent)) == (200, True, False)
    refused = visitor.post("/new/document.convert", source="http://169.254.169.254/letter.txt")
    assert (refused.status, "169.254.169.254 is not public" in text(refused)) == (403, True)


def test_a_document_that_is_not_there_makes_no_job(works: Served, shelf: str) -> None:
    before = ids_of_jobs(works)
    for source, status, code in (
        (f"http://{shelf}/none.docx", 422, "source_unreachable"),
        ("http://127.0.0.1:1/x.docx", 403, "address_refused"),
    ):
        answer = works.ask("POST", "/v1/convert", {"source": source}, key=None)
        assert (answer.status, answer.json["code"]) == (status, code)
    assert ids_of_jobs(works) == before


def ids_of_jobs(works: Served) -> list[str]:
    return [job["id"] for job in works.ask("GET", "/v1/jobs", key=None).json["items"]]
