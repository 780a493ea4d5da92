"""Pictures of pages, by real Chromium: exact in size, resolution and pixels."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PIL import Image, ImageChops

from millhand.core.errors import MillhandError
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.errors import PageUnstable
from millhand.engines.chromium.values import ChromiumSettings
from tests.integration.pages.support import Exporter, cell_colour, cells

pytestmark = pytest.mark.needs("chromium")

DRAWING = """<!doctype html><style>html,body{margin:0}</style>
<body style="background:linear-gradient(30deg,#fed,#9bf 40%,#f9c)">
<svg width=384 height=576><circle cx=190 cy=280 r=150 fill=none stroke=#c03 stroke-width=7.3 />
<path d="M3 5L377 560" stroke=#063 stroke-width=1.7 /></svg>
<p style="position:absolute;top:40px;font:23.5px 'Liberation Serif'">Strips must join <b>exactly</b>.</p>"""


SHAPES = DRAWING.partition("<p ")[0]


@pytest.fixture(scope="module")
def parting_engine() -> Iterator[Chromium]:
    """An engine that captures in many thin strips."""
    made = Chromium(ChromiumSettings(whole_pixels=1, strip_pixels=120_000))
    made.warm_up()
    yield made
    made.close()


@pytest.fixture
def parting(parting_engine: Chromium, tmp_path: Path) -> Exporter:
    return Exporter(parting_engine, tmp_path)


def _same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None


def test_size_resolution_and_colour_space_of_a_png(exporter: Exporter) -> None:
    done = exporter.export("a.png", html=DRAWING, size="4x6in", bleed="0.125in")
    picture = exporter.picture("a.png")
    assert (done.width, done.height) == picture.size == (1275, 1875)
    assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
    assert picture.info["srgb"] == 0
    assert done.strips == 1


@pytest.mark.parametrize(
    ("name", "size", "dpi", "pixels"),
    [
        ("a.png", "A4", 72, (595, 842)),
        ("a.jpg", "A4", 100, (827, 1169)),
        ("a.webp", "A4", 150, (1240, 1754)),
        ("b.png", "A5", 100, (583, 827)),
        ("c.png", "1x1px", 72, (1, 1)),
    ],
)
def test_a_size_that_is_no_whole_number_of_css_pixels(
    exporter: Exporter, parting: Exporter, name: str, size: str, dpi: int, pixels: tuple[int, int]
) -> None:
    html = "<!doctype html><style>html{background:linear-gradient(#f00,#f00) #fff;height:100%}</style>"
    for each in (exporter, parting):
        each.export(name, html=html, size=size, dpi=dpi)
        picture = each.picture(name).convert("RGB")
        assert picture.size == pixels
        for corner in ((0, 0), (pixels[0] - 1, pixels[1] - 1)):
            red, *others = cast("tuple[int, int, int]", picture.getpixel(corner))
            assert max(255 - red, *others) < 8


@pytest.mark.parametrize("dpi", [96, 150, 299, 300])
def test_strips_are_pixel_for_pixel_the_whole(exporter: Exporter, parting: Exporter, dpi: int) -> None:
    exporter.export("whole.png", html=SHAPES, size="4x6in", dpi=dpi)
    done = parting.export("strips.png", html=SHAPES, size="4x6in", dpi=dpi)
    assert done.strips > 1
    assert _same(exporter.picture("whole.png"), parting.picture("strips.png"))


def test_text_in_strips_is_at_most_a_quarter_pixel_off(exporter: Exporter, parting: Exporter) -> None:
    exporter.export("whole.png", html=DRAWING, size="4x6in")
    parting.export("strips.png", html=DRAWING, size="4x6in")
    whole, strips = exporter.picture("whole.png").convert("L"), parting.picture("strips.png").convert("L")
    histogram = ImageChops.difference(whole, strips).histogram()
    assert sum(histogram[1:]) < 0.001 * whole.width * whole.height
    assert sum(histogram[65:]) == 0


def test_a_page_that_moves_while_it_is_captured_is_not_joined(parting: Exporter) -> None:
    # A worker's canvas goes on when the page's own scripts are stopped.
    worker = """onmessage = ({data: canvas}) => { const context = canvas.getContext('2d'); let n = 0;
      (function draw() { context.fillStyle = 'hsl(' + (n++ * 20) + ' 90% 50%)'; context.fillRect(0, 0, 9999, 9999);
      requestAnimationFrame(draw); })(); }"""
    html = f"""<body style='margin:0'><canvas style='width:100vw;height:100vh'></canvas><script>
      const worker = new Worker(URL.createObjectURL(new Blob([{worker!r}])));
      const canvas = document.querySelector('canvas').transferControlToOffscreen();
      worker.postMessage(canvas, [canvas])</script>"""
    with pytest.raises(PageUnstable):
        parting.export("a.png", html=html, size="4x6in", dpi=300, wait={"seconds": 0.3})


def test_animated_images_show_their_first_frame(exporter: Exporter) -> None:
    frames = [Image.new("RGB", (60, 60), (value, 0, 255 - value)) for value in range(0, 256, 5)]
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:], duration=20, loop=0)
    source = f"data:image/gif;base64,{base64.b64encode(content.getvalue()).decode()}"
    exporter.export("a.png", html=f"<img src='{source}'>", size="80x80px", dpi=96, wait={"seconds": 0.3})
    assert exporter.picture("a.png").getpixel((40, 40)) == (0, 0, 255)


def test_crop_marks_surround_the_page(exporter: Exporter) -> None:
    exporter.export("plain.png", html=DRAWING, size="4x6in", bleed="3mm", dpi=100)
    done = exporter.export("marks.png", html=DRAWING, size="4x6in", bleed="3mm", dpi=100, crop_marks=True)
    plain, marked = exporter.picture("plain.png"), exporter.picture("marks.png")
    assert done.width == marked.width == plain.width + 66
    assert _same(marked.crop((33, 33, 33 + plain.width, 33 + plain.height)), plain)
    assert marked.getpixel((33 + 12, 5)) == (0, 0, 0)
    assert marked.getpixel((0, 0)) == (255, 255, 255)


def test_jpeg_and_webp_carry_resolution_and_profile(exporter: Exporter) -> None:
    exporter.export("a.jpg", html=DRAWING, size="4x6in", dpi=150)
    exporter.export("a.webp", html=DRAWING, size="4x6in", dpi=150, picture={"quality": 80})
    jpeg, webp = exporter.picture("a.jpg"), exporter.picture("a.webp")
    assert jpeg.size == webp.size == (600, 900)
    assert jpeg.info["dpi"] == (150, 150)
    assert webp.getexif()[282] == 150
    assert len(jpeg.info["icc_profile"]) == len(webp.info["icc_profile"]) > 100


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_other_formats_come_from_strips_too(exporter: Exporter, parting: Exporter, suffix: str) -> None:
    told: dict[str, object] = {"html": DRAWING, "size": "4x6in", "dpi": 150}
    exporter.export(f"a.{suffix}", **told)  # pyright: ignore[reportArgumentType] - options, no limits
    done = parting.export(f"a.{suffix}", **told)  # pyright: ignore[reportArgumentType] - as above
    whole, joined = exporter.picture(f"a.{suffix}"), parting.picture(f"a.{suffix}")
    assert done.strips > 1
    assert joined.size == whole.size == (600, 900)
    assert joined.info["icc_profile"] == whole.info["icc_profile"]
    assert (joined.info.get("dpi"), joined.getexif().get(282)) == (whole.info.get("dpi"), whole.getexif().get(282))
    differences = ImageChops.difference(whole.convert("RGB"), joined.convert("RGB")).convert("L").histogram()
    assert sum(differences[8:]) == 0


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_strips_may_be_transparent(parting: Exporter, suffix: str) -> None:
    html = "<body style='margin:0'><div style='height:300px;background:#00f'>"
    done = parting.export(f"a.{suffix}", html=html, size="3x6in", dpi=200, picture={"transparent": True})
    assert done.strips > 1
    picture = parting.picture(f"a.{suffix}")
    assert picture.getpixel((50, 1100)) == (0, 0, 0, 0)
    assert picture.getpixel((50, 50)) == (0, 0, 255, 255)


def test_a_png_may_carry_the_same_profile(exporter: Exporter) -> None:
    exporter.export("a.png", html=DRAWING, size="2x2in", picture={"profile": True})
    exporter.export("a.jpg", html=DRAWING, size="2x2in")
    assert exporter.picture("a.png").info["icc_profile"] == exporter.picture("a.jpg").info["icc_profile"]


def test_an_element(exporter: Exporter) -> None:
    html = "<body style='margin:0'><div id=a style='position:absolute;left:10px;top:2000px;width:50px;height:30px;"
    done = exporter.export(
        "a.png", html=html + "background:#123456'></div>", size="4x6in", dpi=192, picture={"element": "#a"}
    )
    assert (done.width, done.height) == (100, 60)
    assert exporter.picture("a.png").getcolors() == [(6000, (0x12, 0x34, 0x56))]


def test_an_element_that_is_not_there(exporter: Exporter) -> None:
    with pytest.raises(MillhandError) as caught:
        exporter.export("a.png", html="<p>", picture={"element": "#a"})
    assert caught.value.code == "element_missing"


def test_a_full_page_is_as_high_as_its_content(exporter: Exporter) -> None:
    html = "<body style='margin:0'><div style='height:3000px;background:#0a0'></div><div style='height:10px'>"
    done = exporter.export("a.png", html=html, size="100x100px", dpi=96, full_page=True)
    assert (done.width, done.height) == (100, 3010)
    assert exporter.picture("a.png").getpixel((50, 2990)) == (0, 0xAA, 0)


def test_transparency(exporter: Exporter) -> None:
    exporter.export("a.png", html="<body>", size="10x10px", dpi=96, picture={"transparent": True})
    assert exporter.picture("a.png").getpixel((5, 5)) == (0, 0, 0, 0)


def test_what_media_queries_are_told(exporter: Exporter) -> None:
    html = """<style>body{background:#fff} @media (prefers-color-scheme:dark){body{background:#000}}
    @media print{body{background:#f00}} @media print and (prefers-color-scheme:dark){body{background:#00f}}
    </style>"""
    seen = [
        exporter.export(f"{number}.png", html=html, size="8x8px", dpi=96, view=view)
        and exporter.picture(f"{number}.png").getpixel((4, 4))
        for number, view in enumerate([{}, {"dark": True}, {"media": "print"}, {"dark": True, "media": "print"}])
    ]
    assert seen == [(255, 255, 255), (0, 0, 0), (255, 0, 0), (0, 0, 255)]


def test_css_pixels_keep_their_physical_size(exporter: Exporter) -> None:
    html = "<body style='margin:0'><div style='width:1in;height:1in;background:#f00'></div>"
    exporter.export("a.png", html=html, size="2x2in", dpi=300)
    assert exporter.picture("a.png").getcolors() == [(90_000, (255, 0, 0)), (270_000, (255, 255, 255))] or sorted(
        exporter.picture("a.png").getcolors() or []
    ) == [(90_000, (255, 0, 0)), (270_000, (255, 255, 255))]


def test_animations_are_shown_at_their_end(exporter: Exporter) -> None:
    html = """<style>@keyframes a{from{opacity:0}to{opacity:1}}
    body{margin:0;background:#fff} div{height:50px;background:#00f;animation:a 60s both}</style><div></div>"""
    exporter.export("a.png", html=html, size="50x50px", dpi=96)
    assert exporter.picture("a.png").getpixel((25, 25)) == (0, 0, 255)


def test_images_are_waited_for(exporter: Exporter) -> None:
    content = io.BytesIO()
    Image.new("RGB", (2000, 2000), (9, 99, 199)).save(content, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
    html = f"<body style='margin:0'><img loading=lazy decoding=async width=50 height=50 src='{source}'>"
    exporter.export("a.png", html=html, size="50x50px", dpi=96)
    assert exporter.picture("a.png").getpixel((25, 25)) == (9, 99, 199)


def test_a_format_that_can_not_hold_the_picture(exporter: Exporter) -> None:
    with pytest.raises(MillhandError) as caught:
        exporter.export("a.webp", html=DRAWING, size="60x60in", dpi=300)
    assert caught.value.code == "too_large_for_format"


@pytest.mark.timeout(240)
def test_a_print_size_is_right_in_every_pixel(exporter: Exporter) -> None:
    columns, rows = 24, 36
    done = exporter.export("a.png", html=cells(columns, rows), size=f"{columns}x{rows}in", dpi=300)
    picture = exporter.picture("a.png")
    assert (done.width, done.height) == picture.size == (columns * 300, rows * 300)
    assert done.strips > 5
    wrong = [
        (x, y)
        for x in range(columns)
        for y in range(rows)
        if picture.crop((x * 300, y * 300, (x + 1) * 300, (y + 1) * 300)).getcolors()
        != [(300 * 300, cell_colour(x, y))]
    ]
    assert wrong == []
