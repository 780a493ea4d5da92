"""`convert` and `up --demo` with the real LibreOffice."""

import shutil
from pathlib import Path

import pytest

from millhand.demo import samples
from tests.integration.cli.conftest import Cli
from tests.support import needs_soffice


@pytest.fixture
def office(bare: Cli) -> Cli:
    """The command line with millhand's own kinds, in a folder with two documents and one that is none."""
    for name in ("minutes.odt", "announcement.rtf"):
        shutil.copy(next(sample for sample in samples() if sample.name == name), bare.folder)
    (bare.folder / "junk.docx").write_text("this is no document")
    return bare.serving("")


@needs_soffice
def test_without_a_worker_files_are_converted_here(office: Cli) -> None:
    ended = office("convert", "minutes.odt", "announcement.rtf", "junk.docx", "-o", "out/")
    assert ended.code == 1
    assert [Path(line).name for line in ended.lines] == ["minutes.pdf", "announcement.pdf"]
    assert all(Path(line).read_bytes().startswith(b"%PDF-") for line in ended.lines)
    assert ended.err.count("junk.docx") == 2
    assert "error: junk.docx:" in ended.err
    assert not (office.folder / "data").exists()


@needs_soffice
def test_a_running_worker_converts_them(office: Cli) -> None:
    with office.start("worker", "--executors", "1") as worker:
        worker.until_it_says("Ctrl-C")
        office("enqueue", "document.convert", '{"source": "file:///nope"}', "--wait", "--timeout", "60")
        [made] = office("convert", "minutes.odt", "--pages", "1", "--json").objects
        asked = office("convert", "minutes.odt", "-o", "again.pdf")
        misspelt = office("convert", "minutes.odt", "--option", "pdfaa=2b")
        worker.interrupt()
        worker.end()
    assert "A running worker" in asked.err
    assert made["pages"] == 1
    assert misspelt.code == 2
    assert "did you mean pdfa?" in misspelt.err
    assert (office.folder / "minutes.pdf").read_bytes().startswith(b"%PDF-")
    assert (office.folder / "again.pdf").exists()
    assert list((office.folder / "data" / "convert").iterdir()) == []


def test_two_documents_cant_become_one_pdf(office: Cli) -> None:
    shutil.copy(office.folder / "minutes.odt", office.folder / "minutes.ott")
    assert office("convert", "minutes.odt", "minutes.ott").code == 2


def test_options_are_checked_before_anything_runs(office: Cli) -> None:
    assert office("convert", "minutes.odt", "--option", "nonsense=1").code == 2
    wrong = office("convert", "minutes.odt", "--pages", "all")
    assert wrong.code == 2
    assert wrong.err.startswith("error: arguments of document.convert: options.page_ranges: write numbers and ranges")
    assert office("convert", "minutes.odt", "--pdfa", "9z").code == 2
    assert office("convert", "nope.odt").code == 2


@needs_soffice
@pytest.mark.timeout(240)
def test_the_demonstration_converts_every_sample(office: Cli) -> None:
    with office.start("up", "--demo", "--until-idle") as demo:
        out, err = demo.process.communicate(timeout=200)
    titles, *rows = [line.split("\t") for line in out.splitlines()]
    assert demo.process.returncode == 0, err
    assert titles == ["document", "state", "attempts", "queue wait", "run time", "pages", "output"]
    assert len(rows) == len(samples())
    assert {row[1] for row in rows} == {"completed"}
    assert all((office.folder / row[6]).read_bytes().startswith(b"%PDF-") for row in rows)


def test_an_engine_that_can_not_be_here_is_refused_and_another_chosen(office: Cli) -> None:
    refused = office("convert", "announcement.rtf", "--engine", "word")
    assert refused.code == 1
    assert "Word runs on Windows only" in refused.err
    assert office("convert", "announcement.rtf", "--engine", "word", "--via", "s3://bucket").code == 2
