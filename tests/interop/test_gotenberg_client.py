"""A client of Gotenberg from npm, chromiumly 6, pointed at us: it works with nothing changed but the address."""

import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import docx
import pypdfium2
import pytest
from PIL import Image

from tests.integration.web.conftest import serving
from tests.interop.pgboss import node
from tests.support import skip_or_fail

PROGRAM = Path(__file__).parent / "gotenberg" / "client.mjs"
KEY = "the-key"


@pytest.fixture
def page() -> Iterator[str]:
    """The URL of a page in the client's own network."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<body style='margin: 0; background: #00f'><h1>From a URL</h1>")

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def text_of(pdf: Path) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return document[0].get_textpage().get_text_bounded()


@pytest.mark.needs("soffice", "chromium")
def test_a_client_of_gotenberg_works_with_us(tmp_path: Path, page: str) -> None:
    if not (PROGRAM.parent / "node_modules").exists():
        skip_or_fail("the npm packages are not installed (scripts/setup dev)")
    letter = docx.Document()
    letter.add_paragraph("From Word")
    letter.save(str(tmp_path / "letter.docx"))
    allowed = {"MILLHAND_CHROMIUM__ALLOWED_HOSTS": page.split("/")[2], "MILLHAND_HTTP__KEY": KEY}
    with serving(tmp_path, "up", "--executors", "1", MILLHAND_APP="", **allowed) as port:
        access = {"GOTENBERG_API_BASIC_AUTH_USERNAME": "us", "GOTENBERG_API_BASIC_AUTH_PASSWORD": KEY}
        environment = {**os.environ, **access, "GOTENBERG_ENDPOINT": f"http://127.0.0.1:{port}"}
        command = [node(), PROGRAM, tmp_path, page]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert "From Word" in text_of(tmp_path / "document.pdf")
    assert b"pdfaid:part>2<" in (tmp_path / "document.pdf").read_bytes()
    assert "From a URL" in text_of(tmp_path / "url.pdf")
    assert "From Markdown" in text_of(tmp_path / "markdown.pdf")
    with Image.open(tmp_path / "screenshot.png") as picture:
        assert (picture.size, picture.convert("RGB").getpixel((319, 239))) == ((320, 240), (0, 0, 255))
    assert "400" in (tmp_path / "refused.txt").read_text()
