"""Golden pages: what Chromium makes of them stays as it was, within what another build of it may do differently."""

from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageChops, ImageStat

from tests.integration.pages.support import Exporter, pdf_text

pytestmark = pytest.mark.needs("chromium")

GOLDEN = Path(__file__).parents[2] / "golden" / "page.export"
HTML = (GOLDEN / "poster.html").read_text(encoding="utf-8")
_MEAN = 1.0  # of 255
_FAR = 64
_FEW = 0.01  # of the pixels


def _compare(made: Image.Image, golden: Path) -> None:
    with Image.open(golden) as image:
        expected = image.convert("RGB")
    assert made.size == expected.size
    difference = ImageChops.difference(made.convert("RGB"), expected).convert("L")
    assert ImageStat.Stat(difference).mean[0] < _MEAN
    assert sum(difference.histogram()[_FAR:]) < _FEW * made.width * made.height


@pytest.mark.parametrize(("name", "told"), [("poster", {}), ("poster-dark", {"view": {"dark": True}})])
def test_pictures(exporter: Exporter, name: str, told: dict[str, dict[str, bool]]) -> None:
    exporter.export("a.png", html=HTML, size="3x2in", dpi=150, **told)  # pyright: ignore[reportArgumentType] - options
    made = exporter.picture("a.png")
    assert made.info["dpi"] == pytest.approx((150, 150), abs=0.02)
    _compare(made, GOLDEN / f"{name}.png")


def test_a_pdf_looks_like_the_picture(exporter: Exporter) -> None:
    exporter.export("a.pdf", html=HTML, size="3x2in")
    assert "Roads of Grönland" in pdf_text(exporter.path("a.pdf"))[0]
    document = pypdfium2.PdfDocument(exporter.path("a.pdf"))
    try:
        assert document[0].get_size() == (216, 144)
        made = document[0].render(scale=150 / 72).to_pil()  # pyright: ignore[reportArgumentType] - a float in truth
    finally:
        document.close()
    _compare(made, GOLDEN / "poster-print.png")
