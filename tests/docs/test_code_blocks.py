"""The commands and programs in the documentation work, in the order in which a reader meets them."""

import runpy
from pathlib import Path

import pytest

from tests.docs import story
from tests.docs.pages import PAGES, ROOT, blocks

pytestmark = pytest.mark.usefixtures("uncounted")


def program_of(page: Path) -> str:
    """All Python of a page in one piece."""
    return "\n\n".join(block.text for block in blocks(page) if block.language == "python")


HOW_TOS = [page for page in PAGES if page.parent.name == "how-to" and "app" in program_of(page)]
STORIES = [page for page in PAGES if story.is_story(blocks(page))]


@pytest.mark.parametrize("page", STORIES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_works_as_it_is_told(page: Path, tmp_path: Path) -> None:
    story.run(blocks(page), tmp_path)


@pytest.mark.parametrize("page", HOW_TOS, ids=lambda page: page.stem)
def test_the_pieces_of_a_how_to_make_a_program(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pieces.py"
    program.write_text(program_of(page))
    monkeypatch.chdir(tmp_path)
    assert runpy.run_path(str(program))["app"].registry


def test_what_a_reader_meets_first_is_run() -> None:
    assert {ROOT / "README.md", ROOT / "docs/tutorials/first-job.md"} <= set(STORIES)
