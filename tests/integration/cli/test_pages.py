"""`export` with the real Chromium."""

from pathlib import Path

import pytest
from PIL import Image

from tests.integration.cli.conftest import Cli
from tests.integration.pages.server import serving

needs_chromium = pytest.mark.needs("chromium")


@pytest.fixture
def exporting(bare: Cli) -> Cli:
    """The command line with millhand's own kinds, in a folder with a page, and a folder with a page in parts."""
    (bare.folder / "page.html").write_text("<body style='background:#00f'>")
    (bare.folder / "poster").mkdir()
    (bare.folder / "poster" / "index.html").write_text("<link rel=stylesheet href=a.css>")
    (bare.folder / "poster" / "a.css").write_text("body { background: #0f0 }")
    return bare.serving("")


def _picture(path: Path) -> tuple[tuple[int, int], object]:
    with Image.open(path) as image:
        return image.size, image.getpixel((9, 9))


@needs_chromium
def test_without_a_worker_a_page_is_exported_here(exporting: Cli) -> None:
    ended = exporting("export", "page.html", "--size", "2x3in", "--dpi", "100")
    assert (ended.code, ended.lines) == (0, [str((exporting.folder / "page.png").resolve())])
    assert "200 x 300 pixels at 100 dpi" in ended.err
    assert _picture(exporting.folder / "page.png") == ((200, 300), (0, 0, 255))
    assert not (exporting.folder / "data").exists()


@needs_chromium
def test_a_folder_is_exported_with_what_belongs_to_it(exporting: Cli) -> None:
    [told] = exporting("export", "poster", "-o", "out/a.png", "--size", "80x80px", "--dpi", "96", "--json").objects
    assert (told["width"], told["height"], told["failure"], told["source"]) == (80, 80, None, "poster")
    assert _picture(exporting.folder / "out" / "a.png")[1] == (0, 255, 0)


@needs_chromium
def test_a_private_host_is_reached_if_it_is_allowed(exporting: Cli) -> None:
    with serving() as pages:
        url = pages.add("/map", "<p id=a>map")
        refused = exporting("export", url)
        told = ("-o", "a.pdf", "--allow", pages.host, "--header", "X-Key: k3y", "--wait-for", "#a")
        with exporting.start("export", url, *told) as running:
            made = running.end()
        assert [headers.get("X-Key") for headers in pages.asked("/map")] == ["k3y"]
    assert (refused.code, made.code) == (1, 0)
    assert "not public" in refused.err
    assert "1 page" in made.err
    assert (exporting.folder / "a.pdf").read_bytes().startswith(b"%PDF-")


@needs_chromium
def test_a_running_worker_exports_it(exporting: Cli) -> None:
    with exporting.start("worker", "--executors", "1") as worker:
        worker.until_it_says("Ctrl-C")
        asked = exporting("export", "page.html", "-o", "again.jpg", "--size", "1x1in", "--quality", "70")
        failed = exporting("export", "http://169.254.169.254/", "-o", "never.png")
        worker.interrupt()
        worker.end()
    assert (asked.code, failed.code) == (0, 1)
    assert "A running worker" in asked.err
    assert "not public" in failed.err
    assert _picture(exporting.folder / "again.jpg")[0] == (300, 300)
    assert list((exporting.folder / "data" / "export").iterdir()) == []


@pytest.mark.parametrize(
    "given",
    [
        ("nope.html",),
        ("page.html", "--size", "huge"),
        ("page.html", "--dpi", "5"),
        ("page.html", "-o", "a.tiff"),
        ("page.html", "--format", "gif"),
        ("page.html", "--cookie", "nothing"),
        ("page.html", "--margin", "1 2 3 4 5"),
        ("page.html", "-o", "a.jpg", "--crop-marks"),
        ("page.html", "--header-template", "@nope"),
    ],
)
def test_options_are_checked_before_anything_runs(exporting: Cli, given: tuple[str, ...]) -> None:
    ended = exporting("export", *given)
    assert ended.code == 2, ended.err
    assert ended.out == ""
