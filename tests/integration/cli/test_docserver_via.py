"""`millhand convert --via`: by a document server, or here where nobody answers."""

import shutil

import pytest

from millhand.testing.s3 import S3Server
from tests.integration.cli.conftest import Cli
from tests.integration.services.docserving import DOCX, variables
from tests.support import needs_soffice


@pytest.fixture
def office(bare: Cli) -> Cli:
    """The command line with millhand's own kinds, in a folder with a letter and a document that is none."""
    shutil.copy(DOCX, bare.folder / "letter.docx")
    (bare.folder / "junk.docx").write_text("this is no document")
    (bare.folder / "notes.odt").write_text("this is no document either")
    return bare.serving("")


@needs_soffice
def test_without_a_worker_they_are_made_here_and_it_says_so(office: Cli, s3: S3Server) -> None:
    bucket = s3.fresh()
    told = variables(s3.access, bucket)
    ended = office("convert", "letter.docx", "junk.docx", "--via", f"s3://{bucket}", "-o", "out/", **told)
    assert (ended.code, ended.lines) == (1, [str(office.folder / "out" / "letter.pdf")]), ended.err
    assert (office.folder / "out" / "letter.pdf").read_bytes().startswith(b"%PDF-")
    assert "letter.docx: made here by LibreOffice" in ended.err
    assert "its heartbeat is missing" in ended.err
    assert "error: junk.docx:" in ended.err
    [made] = office("convert", "letter.docx", "--via", f"s3://{bucket}", "--json", **told).objects
    assert made["engine"].startswith("LibreOffice")
    assert (made["degraded"], made["failure"]) == (True, None)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["notes.odt", "--via", "s3://letters"], "takes .docx alone"),
        (["letter.docx", "--via", "s3://letters", "--pdfa", "2b"], "no options"),
        (["letter.docx", "--via", "s3://letters", "--here"], "exclude each other"),
        (["letter.docx", "--via", "letters"], "no bucket"),
    ],
)
def test_what_can_not_go_that_way_is_told(office: Cli, arguments: list[str], words: str) -> None:
    ended = office("convert", *arguments)
    assert ended.code != 0
    assert words in ended.err
    assert not (office.folder / "letter.pdf").exists()
