"""The commands and programs in the documentation work, in the order in which a reader meets them."""

from pathlib import Path

import pytest

from tests.docs import story
from tests.docs.pages import PAGES, ROOT, blocks

STORIES = [page for page in PAGES if story.is_story(blocks(page))]


@pytest.mark.parametrize("page", STORIES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_works_as_it_is_told(page: Path, tmp_path: Path) -> None:
    story.run(blocks(page), tmp_path)


def test_what_a_reader_meets_first_is_run() -> None:
    assert {ROOT / "README.md", ROOT / "docs/tutorials/first-job.md"} <= set(STORIES)
