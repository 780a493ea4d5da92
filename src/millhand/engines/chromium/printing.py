"""Printing a page that is ready to PDF, streamed into a file."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from playwright.async_api import Error as PlaywrightError

from millhand.engines.chromium import pdf_boxes
from millhand.engines.chromium.errors import BadPage, PageTooDemanding
from millhand.engines.chromium.protocol import PageProtocol
from millhand.engines.chromium.values import CSS_PER_INCH, PageLimits, PdfBoxes, Print

_PIECE = 1 << 20
_POINTS = 72  # in an inch
# An empty template hides the one that Chromium would print by itself.
_NOTHING = "<span></span>"


@dataclass(frozen=True)
class Printed:
    """A PDF in a file."""

    pages: int


async def print_page(page: PageProtocol, order: Print, limits: PageLimits, target: Path) -> Printed:
    """Write the PDF; raises `BadPage` for page ranges that the document does not have, `PageTooDemanding`."""
    height = order.height
    if height is None:
        _, content = await page.document_size()
        # A pixel more than the content: rounding must not push its last line to a second page.
        height = Fraction(content + 1, CSS_PER_INCH)
    try:
        stream = await page.print(**_parameters(order, height))
    except PlaywrightError as error:
        raise BadPage(
            f"The page can't be printed: {error.message.splitlines()[0]}",
            code="not_printable",
            hint="Check the page ranges, the size and the margins.",
        ) from error
    await _load(page, stream, limits.output, target)
    return Printed(pdf_boxes.finish(target, _boxes(order, height)))


def _boxes(order: Print, height: Fraction) -> PdfBoxes | None:
    if order.page_size_from_css:
        return None
    points = (order.width, height, order.bleed, order.band)
    return PdfBoxes(*(value * _POINTS for value in points))


def _parameters(order: Print, height: Fraction) -> dict[str, object]:
    top, right, bottom, left = (float(margin) for margin in order.margins)
    return {
        "paperWidth": float(order.width),
        "paperHeight": float(height),
        "marginTop": top,
        "marginRight": right,
        "marginBottom": bottom,
        "marginLeft": left,
        "pageRanges": order.ranges,
        "printBackground": order.background,
        "displayHeaderFooter": bool(order.header or order.footer),
        "headerTemplate": order.header or _NOTHING,
        "footerTemplate": order.footer or _NOTHING,
        "scale": order.scale,
        "preferCSSPageSize": order.page_size_from_css,
        "generateTaggedPDF": order.tagged,
        "generateDocumentOutline": order.outline,
    }


async def _load(page: PageProtocol, stream: str, limit: int, target: Path) -> None:
    size, last = 0, False
    try:
        with target.open("wb") as file:
            while not last:
                piece, last = await page.read(stream, _PIECE)
                size += len(piece)
                if size > limit:
                    raise PageTooDemanding(f"The PDF is larger than {limit >> 20} MiB.")
                file.write(piece)
    finally:
        await page.close_stream(stream)
