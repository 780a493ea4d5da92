"""Every link inside the documentation leads somewhere."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, headings, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_to_files_and_headings(page: Path) -> None:
    assert not list(_dead(page))


def test_every_page_has_one_title_and_can_be_found() -> None:
    linked = {_target(page, link)[0] for page in PAGES for link in links(page) if not _is_foreign(link)}
    pages = [page for page in PAGES if page.is_relative_to(ROOT / "docs")]
    assert not [page for page in pages if not headings(page)]
    assert not [page for page in pages if page not in linked and page != ROOT / "docs" / "README.md"]


def _dead(page: Path) -> Iterator[str]:
    for link in links(page):
        if _is_foreign(link):
            continue
        path, anchor = _target(page, link)
        if not path.exists() or (anchor and anchor not in anchors(path)):
            yield link


def _target(page: Path, link: str) -> tuple[Path, str]:
    path, _, anchor = link.partition("#")
    return (page.parent / unquote(path)).resolve() if path else page, anchor


def _is_foreign(link: str) -> bool:
    return link.startswith(("http://", "https://", "mailto:"))
