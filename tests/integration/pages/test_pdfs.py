"""PDFs of pages, by real Chromium."""

from pathlib import Path

import pypdfium2
import pytest

from millhand.core.errors import MillhandError
from tests.integration.pages.support import Exporter, pdf_text

pytestmark = pytest.mark.needs("chromium")

THREE = "<title>Three</title>" + "".join(
    f"<p style='page-break-after:{'always' if n < 3 else 'auto'}'>sheet {n}" for n in (1, 2, 3)
)
_Box = tuple[float, float, float, float]


def _boxes(path: Path) -> list[tuple[_Box, _Box, _Box]]:
    """Media, bleed and trim box of each page."""
    document = pypdfium2.PdfDocument(path)
    try:
        return [
            (_known(page.get_mediabox()), _known(page.get_bleedbox()), _known(page.get_trimbox())) for page in document
        ]
    finally:
        document.close()


def _known(box: _Box | None) -> _Box:
    assert box is not None
    return box


def _size(box: _Box) -> tuple[float, float]:
    return round(box[2] - box[0], 2), round(box[3] - box[1], 2)


@pytest.mark.parametrize(
    ("told", "points"),
    [
        ({"size": "A4"}, (595.28, 841.89)),
        ({"size": "A4", "orientation": "landscape"}, (841.89, 595.28)),
        ({"size": "18x24in"}, (1296, 1728)),
        ({"size": "210x297mm", "bleed": "3mm"}, (612.28, 858.9)),
    ],
)
def test_sizes_are_exact(exporter: Exporter, told: dict[str, object], points: tuple[float, float]) -> None:
    done = exporter.export("a.pdf", html="<p>x", **told)  # pyright: ignore[reportArgumentType] - options, no limits
    assert done.pages == 1
    assert _size(_boxes(exporter.path("a.pdf"))[0][0]) == points


def test_boxes_for_the_print_shop(exporter: Exporter) -> None:
    exporter.export("a.pdf", html=THREE, size="4x6in", bleed="0.125in", crop_marks=True)
    boxes = _boxes(exporter.path("a.pdf"))
    assert len(boxes) == 3
    for media, bleed, trim in boxes:
        assert _size(media) == (4.25 * 72 + 48, 6.25 * 72 + 48)
        assert _size(bleed) == (4.25 * 72, 6.25 * 72)
        assert _size(trim) == (4 * 72, 6 * 72)
        assert trim[0] - bleed[0] == pytest.approx(9, abs=0.01)
    content = exporter.path("a.pdf").read_bytes()
    assert content.count(b"/Separation /All") == 3
    assert pdf_text(exporter.path("a.pdf")) == ["sheet 1", "sheet 2", "sheet 3"]


def test_marks_are_drawn_at_the_trimmed_edge(exporter: Exporter) -> None:
    exporter.export("a.pdf", html="<p>x", size="4x6in", bleed="0.125in", crop_marks=True)
    document = pypdfium2.PdfDocument(exporter.path("a.pdf"))
    picture = document[0].render(scale=4).to_pil().convert("L")
    document.close()
    dark = [x for x in range(picture.width) if picture.getpixel((x, 20)) != 255]
    centres = {round(x / 4) for x in dark}
    assert centres <= {33, 33 + 4 * 72}
    assert len(centres) == 2


def test_page_ranges(exporter: Exporter) -> None:
    exporter.export("a.pdf", html=THREE, pdf={"page_ranges": "2-"})
    assert pdf_text(exporter.path("a.pdf")) == ["sheet 2", "sheet 3"]


def test_pages_that_are_not_there(exporter: Exporter) -> None:
    with pytest.raises(MillhandError) as caught:
        exporter.export("a.pdf", html=THREE, pdf={"page_ranges": "7"})
    assert caught.value.code == "not_printable"


def test_header_footer_and_margins(exporter: Exporter) -> None:
    exporter.export(
        "a.pdf",
        html=THREE,
        pdf={
            "margins": {"top": "2cm", "bottom": "2cm"},
            "header": "<b style='font-size:9px' class=title></b>",
            "footer": "<i style='font-size:9px'><span class=pageNumber></span> of <span class=totalPages></span></i>",
        },
    )
    texts = pdf_text(exporter.path("a.pdf"))
    assert all("Three" in text for text in texts)
    assert "2 of 3" in texts[1]


def test_the_background_may_be_left_out(exporter: Exporter) -> None:
    html = "<body style='background:#f00;-webkit-print-color-adjust:economy'>"
    colours: list[object] = []
    for background in (True, False):
        exporter.export("a.pdf", html=html, size="1x1in", pdf={"background": background})
        document = pypdfium2.PdfDocument(exporter.path("a.pdf"))
        colours.append(document[0].render(scale=1).to_pil().convert("RGB").getpixel((36, 36)))
        document.close()
    assert colours == [(255, 0, 0), (255, 255, 255)]


def test_a_full_page_is_one_sheet(exporter: Exporter) -> None:
    html = "<body style='margin:0'><div style='height:2999px'>top</div><div>end</div>"
    done = exporter.export("a.pdf", html=html, size="4x4in", full_page=True)
    assert done.pages == 1
    assert "end" in pdf_text(exporter.path("a.pdf"))[0]


def test_css_may_choose_the_size(exporter: Exporter) -> None:
    html = "<style>@page{size:5in 3in;margin:0}</style><p>x"
    exporter.export("a.pdf", html=html, pdf={"css_page_size": True})
    assert _size(_boxes(exporter.path("a.pdf"))[0][0]) == (360, 216)
