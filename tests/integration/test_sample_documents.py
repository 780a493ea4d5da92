"""The samples are documents that LibreOffice itself converts, with the pages and the words that they should have."""

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pypdfium2
import pytest

from millhand.demo import samples
from tests.support import needs_soffice

pytestmark = needs_soffice

# What LibreOffice 7.4 and 25.2 agree on.
PAGES = {
    "announcement": 1,
    "handbook-of-50-pages": 50,
    "links-and-bookmarks": 4,
    "newsletter-in-columns": 3,
    "quarterly-report": 3,
    "talk": 4,
}
WORDS = {
    "budget": "3,563.00",
    "contract-under-review": "courtesy",
    "east-asian-texts": "물레방아",
    "essay-with-notes": "the pages for 1741 are missing",
    "formulas": "metres in t seconds",
    "hebrew-notice": "הודעה לתושבים",
    "quarterly-report": "Page 1 of 3",
    "registration-form": "☒ I bring my own apron",
    "text-boxes": "Three-legged race",
}


@pytest.fixture(scope="module")
def pdfs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pdf")
    profile = "-env:UserInstallation=" + tmp_path_factory.mktemp("profile").as_uri()
    command = ["soffice", profile, "--headless", "--norestore", "--convert-to", "pdf", "--outdir", folder, *samples()]
    # A new profile makes the first start end at once (exit code 81) and ask for a second one.
    for _ in range(2):
        subprocess.run(command, check=False, capture_output=True, timeout=100)
    return folder


def texts(path: Path) -> Iterator[str]:
    with closing(pypdfium2.PdfDocument(path)) as document:
        for page in document:
            with closing(page), closing(page.get_textpage()) as text:
                yield text.get_text_bounded()


def test_every_sample_becomes_a_pdf(pdfs: Path) -> None:
    assert {path.stem for path in pdfs.iterdir()} == {path.stem for path in samples()}


@pytest.mark.parametrize(("name", "count"), list(PAGES.items()))
def test_page_counts(pdfs: Path, name: str, count: int) -> None:
    assert len(list(texts(pdfs / f"{name}.pdf"))) == count


@pytest.mark.parametrize(("name", "words"), list(WORDS.items()))
def test_words(pdfs: Path, name: str, words: str) -> None:
    assert words in " ".join(texts(pdfs / f"{name}.pdf"))
