"""Documents and pages in one call: a file in, the file out; or a job."""

import asyncio
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.datastructures import UploadFile

from millhand.app.app import App
from millhand.config import Settings
from millhand.config.api import ApiSettings
from millhand.core.errors import BlobMissing
from millhand.web.problems import Refused
from millhand.web.uploads import Folder, plain_name, sweep
from tests.integration.web.conftest import Served, form, serving
from tests.support import needs_soffice, wait_until


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with millhand's own kinds."""
    folder = tmp_path_factory.mktemp("works")
    with serving(folder, "up", "--executors", "1", MILLHAND_APP="") as port:
        yield Served(folder, port)


@needs_soffice
def test_a_document_comes_back_as_pdf(works: Served) -> None:
    body, kind = form(file=("A letter.txt", b"Dear reader"), args='{"options": {"pdfa": "2b"}}')
    answer = works.ask("POST", "/v1/convert", body, key=None, Content_Type=kind)
    assert (answer.status, answer.headers["content-type"], answer.body[:5]) == (200, "application/pdf", b"%PDF-")
    assert answer.headers["content-disposition"].endswith("A%20letter.pdf")
    job = works.ask("GET", answer.headers["location"], key=None).json
    assert (job["kind"], job["args"]["name"], job["artefacts"][0]["size"]) == (
        "document.convert",
        "A letter.txt",
        len(answer.body),
    )


@needs_soffice
def test_a_document_can_become_a_job(works: Served) -> None:
    body, kind = form(file=("letter.txt", b"Dear reader"))
    answer = works.ask("POST", "/v1/convert?wait=0", body, key=None, Content_Type=kind)
    assert answer.status == 202
    wait_until(lambda: works.ask("GET", answer.json["url"], key=None).json["state"] == "completed", within=30)


@needs_soffice
def test_a_document_that_is_none_says_why(works: Served) -> None:
    body, kind = form(file=("letter.docx", b"this is no package"))
    answer = works.ask("POST", "/v1/convert", body, key=None, Content_Type=kind)
    assert (answer.status, answer.json["code"]) == (422, "wrong_suffix")
    assert works.ask("GET", answer.headers["location"], key=None).json["state"] == "discarded"


@pytest.mark.needs("chromium")
def test_a_page_comes_back_as_a_picture(works: Served) -> None:
    body, kind = form(file=("page.html", b"<h1>Hello</h1>"), args='{"size": "A7", "dpi": 72}')
    answer = works.ask("POST", "/v1/export", body, key=None, Content_Type=kind)
    assert (answer.status, answer.headers["content-type"], answer.body[1:4]) == (200, "image/png", b"PNG")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.html", "<h1>Hello</h1>")
    body, kind = form(file=("site.zip", packed.getvalue()), args='{"size": "A7", "format": "pdf"}')
    assert works.ask("POST", "/v1/export", body, key=None, Content_Type=kind).body[:5] == b"%PDF-"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"target": "file:///x.pdf", "source": "file:///x.docx"}, 422, "invalid_request"),
        ({"source": "file:///x.docx", "colour": 1}, 422, "invalid_args"),
        ([], 422, "invalid_request"),
    ],
)
def test_what_can_not_be_asked_is_said(works: Served, body: object, status: int, code: str) -> None:
    answer = works.ask("POST", "/v1/convert", body, key=None)
    assert (answer.status, answer.json["code"]) == (status, code)


def test_a_form_brings_one_file(works: Served) -> None:
    body, kind = form(first=("a.txt", b"a"), file=("b.txt", b"b"))
    assert works.ask("POST", "/v1/convert", body, key=None, Content_Type=kind).status == 422
    assert list((works.folder / "data" / "uploads").rglob("b.txt")) == []


def test_old_uploads_are_removed(tmp_path: Path) -> None:
    old, young = (tmp_path / "uploads" / "t" / name / "file.txt" for name in ("old", "young"))
    for path in (old, young):
        path.parent.mkdir(parents=True)
        path.write_text("x")
    os.utime(old, (1, 1))
    app = App(settings=Settings(data_dir=tmp_path, api=ApiSettings(keep_uploads=60)))
    assert asyncio.run(sweep(app)) == 1
    os.utime(old.parent, (1, 1))
    assert asyncio.run(sweep(app)) == 0
    assert (old.parent.exists(), young.exists()) == (False, True)


async def test_uploads_may_live_in_an_object_store(tmp_path: Path) -> None:
    app = App(settings=Settings(data_dir=tmp_path, api=ApiSettings(uploads="memory://uploads/")))
    folder = Folder(app, "acme")
    url, sha256 = await folder.keep(UploadFile(io.BytesIO(b"Dear reader"), filename="my letter.txt"))
    assert (url.startswith("memory://uploads/"), url.endswith("/my-letter.txt"), len(sha256)) == (True, True, 64)
    folder.check({"source": url, "more": [url]})
    with pytest.raises(Refused):
        Folder(app, "bolt").check({"source": url})
    async with folder.used() as used:
        used.is_true = True
    assert (await app.blobs.stat(url)).size == 11
    async with folder.used():
        pass
    with pytest.raises(BlobMissing):
        await app.blobs.stat(url)


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("letter.docx", "letter.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ann\\my letter.docx", "my-letter.docx"),
        ("a\r\nSet-Cookie: x.txt", "a-Set-Cookie-x.txt"),
        ("...", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("приказ.docx", "file.docx"),
        ("x" * 500 + ".pdf", "x" * 120 + ".pdf"),
    ],
)
def test_names_of_files_are_made_harmless(given: str, plain: str) -> None:
    assert plain_name(given) == plain
