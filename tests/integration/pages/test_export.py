"""The kind page.export through its handler: from arguments to an artefact."""

import io
import zipfile
from collections.abc import AsyncIterator

import pypdfium2
import pytest
from PIL import Image

from millhand import App
from millhand.core.outcome import Discarded
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.export import pages
from millhand.handlers.pages.options import PdfOptions
from millhand.handlers.pages.settings import PageSettings
from millhand.testing import InlineApp

pytestmark = pytest.mark.needs("chromium")


@pytest.fixture
async def inline() -> AsyncIterator[InlineApp]:
    app = App()
    app.include(pages(PageSettings()))
    async with InlineApp(app) as running:
        yield running


async def _content(inline: InlineApp, url: str) -> bytes:
    return b"".join([piece async for piece in inline.blobs.stream(url)])


async def test_inline_html_becomes_a_picture(inline: InlineApp) -> None:
    ran = await inline.run(ExportPage(html="<h1>Map</h1>", target="memory://out/map.png", size="4x6", bleed="9pt"))
    assert ran.completed, ran.failure
    assert ran.result["width"] == 1275
    assert (ran.result["height"], ran.result["dpi"], ran.result["format"]) == (1875, 300, "png")
    (artefact,) = ran.artefacts
    assert (artefact.name, artefact.media_type, artefact.facts["width"]) == ("map.png", "image/png", 1275)
    with Image.open(io.BytesIO(await _content(inline, "memory://out/map.png"))) as picture:
        assert picture.size == (1275, 1875)


async def test_a_bundle_is_shown_from_memory(inline: InlineApp) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("map/index.html", "<link rel=stylesheet href=style/a.css><script src='../b.js'></script>")
        archive.writestr("map/style/a.css", "body { background: #00f }")
        archive.writestr("b.js", "document.title = String(isSecureContext)")
    await inline.blobs.put(packed.getvalue(), "memory://in/map.zip")
    ran = await inline.run(
        ExportPage(bundle="memory://in/map.zip", target="memory://out/map.png", size="16x16px", dpi=96)
    )
    assert ran.completed, ran.failure
    assert ran.result["page_url"] == "http://page.localhost/map/index.html"
    with Image.open(io.BytesIO(await _content(inline, "memory://out/map.png"))) as picture:
        assert picture.getpixel((8, 8)) == (0, 0, 255)


async def test_a_pdf_says_how_many_pages_it_has(inline: InlineApp) -> None:
    html = "<p style='page-break-after:always'>one<p>two"
    ran = await inline.run(ExportPage(html=html, target="memory://out/a.pdf", pdf=PdfOptions(background=False)))
    assert (ran.result["pages"], ran.result["width"], ran.artefacts[0].facts["pages"]) == (2, None, 2)
    assert len(pypdfium2.PdfDocument(await _content(inline, "memory://out/a.pdf"))) == 2


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"url": "http://169.254.169.254/"}, "address_refused"),
        ({"bundle": "memory://in/missing.zip"}, "blob_missing"),
    ],
)
async def test_what_can_never_succeed_is_discarded(inline: InlineApp, told: dict[str, str], code: str) -> None:
    ran = await inline.run(ExportPage.model_validate({"target": "memory://out/a.png", **told}))
    assert isinstance(ran.outcome, Discarded)
    assert ran.outcome.failure.code == code
    assert ran.artefacts == ()
