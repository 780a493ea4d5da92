"""The example `dashboard_tour`, whose pictures the README shows, with two documents in place of the demonstration."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from examples.dashboard_tour.tour import Tour
from millhand.demo import samples
from tests.integration.web.conftest import Served, serving
from tests.support import needs_soffice

_DOCUMENTS = ("essay-with-notes.docx", "hebrew-notice.docx")


@needs_soffice
@pytest.mark.timeout(120)
def test_the_tour_leads_through_the_dashboard(browser: Browser, tmp_path: Path) -> None:
    demo, pictures = tmp_path / "data" / "demo", tmp_path / "pictures"
    for folder in (demo, pictures):
        folder.mkdir(parents=True)
    with serving(tmp_path, "up", "--executors", "1", MILLHAND_APP="") as port:
        for sample in samples():
            if sample.name in _DOCUMENTS:
                shutil.copy(sample, demo)
                args = {"source": (demo / sample.name).as_uri()}
                Served(tmp_path, port).ask("POST", "/v1/jobs", {"kind": "document.convert", "args": args}, key=None)
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1280, "height": 820})
        Tour(page, demo, pictures, documents=len(_DOCUMENTS), drawing=0).go()
        page.close()
    shown = Path(__file__).parents[3] / "docs" / "images"
    assert {one.name for one in pictures.iterdir()} == {one.name for one in shown.glob("dashboard-*.png")}
