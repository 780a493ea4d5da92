"""Gotenberg's routes: its fields, its answers, its words for what is wrong."""

import base64
import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pypdfium2
import pytest
from fastapi.routing import APIRoute
from PIL import Image

from millhand.web.gotenberg.routes import router
from tests.integration.web.conftest import OWNER, TENANTS, Answer, Served, form, serving
from tests.support import needs_soffice, wait_until

Part = str | tuple[str, bytes]
DOCUMENTS = "/forms/libreoffice/convert"


@dataclass(frozen=True)
class Call:
    """What a webhook was sent."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Hook:
    """A client's web server, which can't take the first call of each path under `/busy`."""

    port: int
    calls: list[Call]

    def taken(self, path: str) -> Call:
        """The call that comes to a path."""
        return wait_until(lambda: [call for call in self.calls if call.path == path], within=30)[-1]


@pytest.fixture(scope="module")
def hook() -> Iterator[Hook]:
    """The client's web server."""
    calls: list[Call] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            busy = self.path.startswith("/busy") and not any(call.path == self.path for call in calls)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers["content-length"]))
            calls.append(Call(self.command, self.path, headers, body))
            self.send_response(503 if busy else 200)
            self.end_headers()

        def do_PUT(self) -> None:
            self.do_POST()

        def do_GET(self) -> None:
            known = self.headers["X-Mine"] == "yes"
            self.send_response(200 if known else 403)
            self.send_header("Content-Disposition", 'attachment; filename="letter.txt"')
            self.end_headers()
            self.wfile.write(b"Dear reader")

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Hook(server.server_port, calls)
        server.shutdown()


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory, hook: Hook) -> Iterator[Served]:
    """A site with millhand's own kinds, which may call the hook."""
    folder = tmp_path_factory.mktemp("works")
    allowed = {"MILLHAND_CHROMIUM__ALLOWED_HOSTS": f"127.0.0.1:{hook.port}"}
    with serving(folder, "up", "--executors", "2", MILLHAND_APP="", **allowed) as port:
        yield Served(folder, port)


def post(site: Served, path: str, headers: dict[str, str] | None = None, **parts: Part) -> Answer:
    """Send a form."""
    body, kind = form(**parts)
    return site.ask("POST", path, body, key=None, Content_Type=kind, **(headers or {}))


def pages_of(pdf: bytes) -> int:
    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)


@needs_soffice
def test_a_document_comes_back_as_pdf_by_the_name_that_was_asked_for(works: Served) -> None:
    named = {"Gotenberg_Output_Filename": "the letter", "Gotenberg_Trace": "trace-1"}
    answer = post(works, DOCUMENTS, named, files=("A letter.txt", b"Dear reader"), pdfa="PDF/A-2b", unheard="of")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"].startswith('attachment; filename="the letter.pdf"')
    assert (answer.headers["gotenberg-trace"], int(answer.headers["content-length"])) == ("trace-1", len(answer.body))
    assert pages_of(answer.body) == 1
    job = works.ask("GET", "/v1/jobs?kind=document.convert", key=None).json["items"][0]
    assert works.ask("GET", f"/v1/jobs/{job['id']}", key=None).json["args"]["options"]["pdfa"] == "2b"


@needs_soffice
def test_a_document_is_fetched_from_where_the_form_says(works: Served, hook: Hook) -> None:
    place = {"url": f"http://127.0.0.1:{hook.port}/get?id=3", "extraHttpHeaders": {"X-Mine": "yes"}}
    answer = post(works, DOCUMENTS, downloadFrom=json.dumps([place]))
    assert (answer.status, answer.body[:5]) == (200, b"%PDF-"), answer.body
    assert "letter.pdf" in answer.headers["content-disposition"]
    refused = post(works, DOCUMENTS, downloadFrom=json.dumps([{"url": place["url"]}]))
    assert (refused.status, b"status 403" in refused.body) == (422, True)
    private = post(works, DOCUMENTS, downloadFrom='[{"url": "http://169.254.169.254/"}]')
    assert (private.status, b"not public" in private.body) == (403, True)


@needs_soffice
def test_several_documents_come_back_as_a_zip(works: Served) -> None:
    answer = post(works, DOCUMENTS, first=("a.txt", b"one"), second=("b.txt", b"two"), third=("a.txt", b"again"))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.body)) as archive:
        assert archive.namelist() == ["a.txt.pdf", "b.txt.pdf", "2-a.txt.pdf"]
        assert {archive.read(name)[:5] for name in archive.namelist()} == {b"%PDF-"}


@needs_soffice
def test_a_document_that_is_none_says_why(works: Served) -> None:
    answer = post(works, DOCUMENTS, files=("letter.docx", b"this is no package"))
    assert (answer.status, answer.headers["content-type"]) == (400, "text/plain; charset=utf-8")
    assert b"docx" in answer.body
    assert works.ask("GET", answer.headers["location"], key=None).json["state"] == "discarded"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "no form file found"),
        ({"landscape": "true"}, "landscape"),
        ({"downloadFrom": "{}"}, "downloadFrom"),
        ({"downloadFrom": "[" * 100_000}, "downloadFrom"),
        ({"downloadFrom": '[{"url": "file:///etc/passwd"}]'}, "downloadFrom"),
        ({"downloadFrom": '[{"url": "http://e.example/x", "field": "embeds"}]'}, "downloadFrom"),
        ({"downloadFrom": '[{"url": "http://e.example/x", "extraHttpHeaders": {"Host": "y"}}]'}, "downloadFrom"),
        ({"metadata": '{"Author": "x"}'}, "metadata"),
        ({"splitMode": "pages"}, "splitMode"),
        ({"embeds": ("x.xml", b"<x/>")}, "embeds"),
        ({"pdfa": "PDF/A-4"}, "pdfa"),
        ({"quality": "101"}, "quality"),
        ({"merge": "maybe"}, "merge"),
        ({"merge": "true", "more": ("b.txt", b"b")}, "merge"),
        ({"nativePageRanges": "one"}, "page_ranges"),
        ({"allowCopying": "false"}, "ownerPassword"),
        ({"exportNotes": "true", "exportNotesInMargin": "true"}, "exportNotes"),
    ],
)
def test_what_can_not_be_done_is_refused(works: Served, fields: Mapping[str, Part], words: str) -> None:
    files: Mapping[str, Part] = {"files": ("a.txt", b"a")} if fields else {}
    answer = post(works, DOCUMENTS, None, **files, **fields)
    assert (answer.status, words in answer.body.decode()) == (400, True), answer.body


def test_too_much_markdown_is_refused(works: Served) -> None:
    page, text = ("index.html", b'{{ toHTML "a.md" }}'), ("a.md", b"x" * 300_001)
    assert post(works, "/forms/chromium/convert/markdown", page=page, text=text).status == 413


def test_what_is_no_form_is_refused(works: Served) -> None:
    answer = works.ask("POST", DOCUMENTS, {"url": "x"}, key=None)
    assert (answer.status, b"multipart/form-data" in answer.body) == (415, True)


def test_there_is_a_version(works: Served) -> None:
    assert works.ask("GET", "/version", key=None).body.decode().count(".") == 2


@pytest.mark.parametrize("path", [route.path for route in router.routes if isinstance(route, APIRoute)])
def test_a_key_comes_as_a_bearer_or_as_a_password(site: Served, path: str) -> None:
    method = "GET" if path == "/version" else "POST"
    fine = 200 if path == "/version" else 415

    def status(key: str | None, **headers: str) -> int:
        return site.ask(method, path, key=key, **headers).status

    def basic(password: str) -> str:
        return f"Basic {base64.b64encode(f'anybody:{password}'.encode()).decode()}"

    assert (status(None), status("wrong"), status(OWNER)) == (401, 401, fine)
    assert (status(None, Authorization=basic(OWNER)), status(None, Authorization=basic("wrong"))) == (fine, 401)
    assert status(None, Authorization="Basic ???") == 401
    assert status(site.keys["viewer", None]) == (200 if path == "/version" else 403)
    assert status(site.keys["operator", TENANTS[0]]) == fine


@pytest.mark.needs("chromium")
def test_a_page_comes_back_as_pdf(works: Served) -> None:
    answer = post(
        works,
        "/forms/chromium/convert/html",
        index=("index.html", b"<link rel=stylesheet href=style.css><p>one</p><p>two</p><p>three</p>"),
        style=("style.css", b"p { break-after: page }"),
        footer=("footer.html", b"<span class=pageNumber></span>"),
        paperWidth="210mm",
        paperHeight="29.7cm",
        marginTop="6pc",
        landscape="true",
        nativePageRanges="1-2",
        waitForExpression="document.styleSheets.length === 1",
    )
    assert (answer.status, answer.headers["content-type"]) == (200, "application/pdf"), answer.body
    with pypdfium2.PdfDocument(answer.body) as document:
        assert len(document) == 2
        assert [round(side) for side in document[0].get_size()] == [842, 595]
        assert document[1].get_textpage().get_text_bounded().split() == ["two", "2"]


@pytest.mark.needs("chromium")
def test_markdown_comes_back_as_pdf(works: Served) -> None:
    answer = post(
        works,
        "/forms/chromium/convert/markdown",
        index=("index.html", b'<body>{{ toHTML "file.md" }}</body>'),
        text=("file.md", b"# Heading\n\n<script>document.body.remove()</script>\n\n|a|b|\n|-|-|\n|1|2|\n"),
    )
    assert answer.status == 200, answer.body
    with pypdfium2.PdfDocument(answer.body) as document:
        text = document[0].get_textpage().get_text_bounded()
    assert "Heading" in text
    assert "<script>" in text
    assert "|" not in text


@pytest.mark.needs("chromium")
def test_a_picture_has_the_size_that_was_asked_for(works: Served) -> None:
    page = ("index.html", b"<style>body { margin: 0; height: 900px }</style>")
    path = "/forms/chromium/screenshot/html"
    clipped = post(works, path, index=page, width="300", height="200", clip="true", format="jpeg", quality="0")
    assert (clipped.status, clipped.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(clipped.body)).size == (300, 200)
    whole = post(works, path, index=page)
    assert (whole.headers["content-disposition"].partition(";")[2][:21], whole.status) == (' filename="page.png";', 200)
    assert Image.open(io.BytesIO(whole.body)).size == (800, 900)


@pytest.mark.needs("chromium")
def test_an_address_within_is_forbidden(works: Served) -> None:
    answer = post(works, "/forms/chromium/screenshot/url", url=f"http://127.0.0.1:{works.port}/")
    assert (answer.status, b"not public" in answer.body) == (403, True), answer.body


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("convert/url", {}, "'url' is required"),
        ("convert/html", {"url": "x"}, "'index.html' is required"),
        ("convert/markdown", {"a": ("index.html", b"x")}, "[.md]"),
        ("convert/markdown", {"a": ("index.html", b'{{toHTML "b.md"}}'), "c": ("c.md", b"")}, "'b.md'"),
        ("convert/html", {"a": ("index.html", b"x"), "h": ("header.html", b"\xff")}, "no UTF-8"),
        ("convert/url", {"url": "https://example.com", "pdfa": "PDF/A-1b"}, "PDF/A"),
        ("convert/url", {"url": "https://example.com", "userAgent": "x"}, "userAgent"),
        ("convert/url", {"url": "https://example.com", "scale": "9"}, "scale"),
        ("convert/url", {"url": "https://example.com", "marginTop": "wide"}, "marginTop"),
        ("convert/url", {"url": "https://example.com", "waitDelay": "5"}, "waitDelay"),
        ("convert/url", {"url": "https://example.com", "failOnHttpStatusCodes": "[404]"}, "failOnHttpStatusCodes"),
        ("convert/url", {"url": "https://example.com", "cookies": '[{"name":"a","secure":true}]'}, "secure"),
        ("convert/url", {"url": "https://example.com", "extraHttpHeaders": '{"a":"b;scope=c"}'}, "scope"),
        ("convert/url", {"url": "https://example.com", "emulatedMediaFeatures": '[{"name":"x"}]'}, "prefers"),
        ("screenshot/url", {"url": "https://example.com", "format": "gif"}, "format"),
        ("screenshot/url", {"url": "https://example.com", "width": "0"}, "width"),
    ],
)
def test_what_can_not_be_done_of_a_page_is_refused(
    works: Served, path: str, fields: Mapping[str, Part], words: str
) -> None:
    answer = post(works, f"/forms/chromium/{path}", None, **fields)
    assert (answer.status, words in answer.body.decode()) == (400, True), answer.body


def hooked(hook: Hook, path: str, **more: str) -> dict[str, str]:
    """The header of a request in webhook mode."""
    base = f"http://127.0.0.1:{hook.port}{path}"
    return {"Gotenberg_Webhook_Url": base, "Gotenberg_Webhook_Error_Url": f"{base}-error", **more}


@needs_soffice
def test_a_webhook_gets_the_file_once_it_takes_it(works: Served, hook: Hook) -> None:
    extra = '{"X-Mine": "yes"}'
    more = {"Gotenberg_Webhook_Method": "put", "Gotenberg_Webhook_Extra_Http_Headers": extra, "Gotenberg_Trace": "t"}
    answer = post(works, DOCUMENTS, hooked(hook, "/busy", **more), files=("a.txt", b"one"))
    assert (answer.status, answer.body, answer.headers["gotenberg-trace"]) == (204, b"", "t")
    wait_until(lambda: len([call for call in hook.calls if call.path == "/busy"]) == 2, within=30)
    call = hook.taken("/busy")
    assert (call.method, call.body[:5], int(call.headers["content-length"])) == ("PUT", b"%PDF-", len(call.body))
    assert {"x-mine": "yes", "gotenberg-trace": "t", "content-type": "application/pdf"}.items() <= call.headers.items()
    assert call.headers["content-disposition"].startswith('attachment; filename="a.pdf"')


def test_a_webhook_is_told_of_an_error(works: Served, hook: Hook) -> None:
    assert post(works, DOCUMENTS, hooked(hook, "/broken"), files=("a.docx", b"no package")).status == 204
    call = hook.taken("/broken-error")
    told = json.loads(call.body)
    assert (call.method, call.headers["content-type"], told["status"]) == ("POST", "application/json", 400)
    assert "docx" in told["message"]
    assert not [call for call in hook.calls if call.path == "/broken"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"Gotenberg_Webhook_Error_Url": ""}, 400),
        ({"Gotenberg_Webhook_Url": "file:///etc/passwd"}, 400),
        ({"Gotenberg_Webhook_Url": "http://[bad"}, 400),
        ({"Gotenberg_Webhook_Method": "DELETE"}, 400),
        ({"Gotenberg_Webhook_Extra_Http_Headers": "[]"}, 400),
        ({"Gotenberg_Webhook_Extra_Http_Headers": '{"X": "a\\r\\nB: c"}'}, 400),
        ({"Gotenberg_Webhook_Extra_Http_Headers": '{"Host": "elsewhere"}'}, 400),
        ({"Gotenberg_Webhook_Events_Url": "https://example.com"}, 400),
        ({"Gotenberg_Webhook_Url": "http://127.0.0.1:9/"}, 403),
        ({"Gotenberg_Webhook_Error_Url": "http://169.254.169.254/"}, 403),
    ],
)
def test_what_no_webhook_can_be_is_refused(works: Served, hook: Hook, changes: dict[str, str], status: int) -> None:
    answer = post(works, DOCUMENTS, {**hooked(hook, "/never"), **changes}, files=("a.txt", b"one"))
    assert answer.status == status, answer.body
