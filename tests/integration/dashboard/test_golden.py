"""Golden pages: the dashboard looks as it did, on a desk and in a hand; `GOLDEN=write` takes the pictures anew.

Words and numbers that differ from run to run are hidden, and what is left is compared at a quarter of its size, so that
another build of the browser or of a font passes, and a column that went missing does not.
"""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Browser

from tests.integration.dashboard.conftest import Open
from tests.integration.dashboard.test_browser import opened
from tests.integration.web.conftest import Served, serving

GOLDEN = Path(__file__).parents[2] / "golden" / "dashboard"
PAGES = {
    "overview": "/",
    "jobs": "/jobs",
    "job": "/jobs/{failed}",
    "failures": "/failures",
    "queues": "/queues",
    "workers": "/workers",
    "schedules": "/schedules",
    "artefacts": "/artefacts",
    "new": "/new/note.write",
}
SIZES = {"desk": (1280, 900), "hand": (390, 844)}
_HIDDEN = "svg, canvas, time, td, dd, pre, code, .figure, #live { opacity: 0 !important }"
# A sheet that is made by a script: the policy of the pages forbids one that is written into them.
_HIDE = "rules => { const made = new CSSStyleSheet(); made.replaceSync(rules); document.adoptedStyleSheets = [made] }"
_SMALLER = 4
_MEAN = 1.5  # of 255
_FAR = 48
_FEW = 0.01  # of the pixels


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site of its own, on which no other test leaves anything; with a job of each end."""
    folder = tmp_path_factory.mktemp("still")
    with serving(folder, "up", "--executors", "1") as port:
        site = Open(folder, port)
        target = (folder / "data" / "made" / "note").as_uri()
        site.send("note.write", {"text": "hello", "target": target})
        failed = site.send("note.fail", {"reason": "no ink"})
        site.send("note.write", {"text": "later"}, wait=0, delay=3600)
        yield Open(folder, port, jobs={"failed": failed["id"]})


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_pages_look_as_they_did(browser: Browser, still: Served, name: str, size: str) -> None:
    width, height = SIZES[size]
    with opened(browser, still, PAGES[name], viewport={"width": width, "height": height}, color_scheme="light") as page:
        page.evaluate(_HIDE, _HIDDEN)
        taken = page.screenshot(animations="disabled")
    with Image.open(BytesIO(taken)) as image:
        made = image.convert("L").reduce(_SMALLER)
    golden = GOLDEN / f"{name}-{size}.png"
    if os.environ.get("GOLDEN") == "write":
        made.save(golden, optimize=True)
    with Image.open(golden) as expected:
        assert made.size == expected.size
        difference = ImageChops.difference(made, expected)
    assert ImageStat.Stat(difference).mean[0] < _MEAN
    assert sum(difference.histogram()[_FAR:]) < _FEW * made.width * made.height
