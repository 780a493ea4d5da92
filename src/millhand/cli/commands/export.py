"""`millhand export`: a web page as a picture or a PDF of a physical size, here and now."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from millhand.cli.durations import as_seconds
from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import session_of


class Format(StrEnum):
    """What a page becomes."""

    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    PDF = "pdf"


class Orientation(StrEnum):
    """How the paper lies."""

    PORTRAIT = "portrait"
    LANDSCAPE = "landscape"


class Media(StrEnum):
    """What the page's styles are told."""

    SCREEN = "screen"
    PRINT = "print"


Source = Annotated[str, typer.Argument(metavar="PAGE", help="A URL; or an .html file, a folder or a .zip with one.")]


@example(
    "millhand export https://example.com/map -o map.png --size 18x24in --dpi 300",
    "millhand export poster/ -o poster.pdf --size A3 --bleed 3mm --crop-marks",
    "millhand export http://localhost:3000/ --allow localhost:3000 --until 'window.ready'",
)
def export(
    ctx: typer.Context,
    page: Source,
    *,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="File to write; else named after the page.")] = None,
    form: Annotated[Format | None, typer.Option("--format", help="Else by the suffix of the file, or png.")] = None,
    size: Annotated[str | None, typer.Option(help="Such as 18x24in, 210x297mm, 816x1056px, A4 (the default).")] = None,
    orientation: Annotated[Orientation | None, typer.Option(help="Turn the size.")] = None,
    full_page: Annotated[bool, typer.Option("--full-page", help="As high as the page is.")] = False,
    dpi: Annotated[int | None, typer.Option(help="Device pixels to the inch (300).")] = None,
    device_scale: Annotated[float | None, typer.Option(help="Device pixels for a CSS pixel, not --dpi.")] = None,
    bleed: Annotated[str | None, typer.Option(help="What is cut off on each side, added to the size.")] = None,
    crop_marks: Annotated[bool, typer.Option("--crop-marks", help="Draw where to cut (PNG, PDF).")] = False,
    element: Annotated[str | None, typer.Option(help="Only this element, a CSS selector.")] = None,
    quality: Annotated[int | None, typer.Option(help="Of JPEG and WebP, in per cent (90).")] = None,
    transparent: Annotated[bool, typer.Option("--transparent", help="No white where nothing is painted.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Embed the sRGB profile in a PNG.")] = False,
    margin: Annotated[str | None, typer.Option(help="Of a PDF, as in CSS: '1in', or '10mm 5mm'.")] = None,
    pages: Annotated[str | None, typer.Option(help="Only these of a PDF, such as 1-3,5,8-.")] = None,
    background: Annotated[bool | None, typer.Option(help="Print background colours and pictures.")] = None,
    header: Annotated[str | None, typer.Option("--header-template", help="HTML, or @FILE, above each page.")] = None,
    footer: Annotated[str | None, typer.Option("--footer-template", help="HTML, or @FILE, below each page.")] = None,
    scale: Annotated[float | None, typer.Option(help="Print larger or smaller, 0.1 to 2.")] = None,
    css_page_size: Annotated[bool, typer.Option("--css-page-size", help="A size in @page wins.")] = False,
    tagged: Annotated[bool, typer.Option("--tagged", help="Mark a PDF's structure for screen readers.")] = False,
    outline: Annotated[bool, typer.Option("--outline", help="An outline from the headings.")] = False,
    network_idle: Annotated[bool, typer.Option("--network-idle", help="Wait until nothing is requested.")] = False,
    wait_for: Annotated[str | None, typer.Option(help="Wait for this element, a CSS selector.")] = None,
    until: Annotated[str | None, typer.Option(help="Wait until this JavaScript is true.")] = None,
    fail_if: Annotated[str | None, typer.Option(help="Give up when this JavaScript is true.")] = None,
    delay: Annotated[str | None, typer.Option(help="Wait for so long, such as 500ms or 2s.")] = None,
    font: Annotated[list[str] | None, typer.Option(help="A font family that must be there; may be repeated.")] = None,
    settle: Annotated[bool | None, typer.Option(help="Wait for fonts, images and two frames.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Ask for the page's dark colours.")] = False,
    media: Annotated[Media | None, typer.Option(help="The CSS media type; else print for PDF.")] = None,
    locale: Annotated[str | None, typer.Option(help="The language, such as de-DE.")] = None,
    timezone: Annotated[str | None, typer.Option(help="The time zone, such as Europe/Berlin.")] = None,
    cookie: Annotated[list[str] | None, typer.Option(help="For the page, as name=value; may be repeated.")] = None,
    header_line: Annotated[list[str] | None, typer.Option("--header", help="For its origin: 'Name: value'.")] = None,
    start: Annotated[str | None, typer.Option(help="The first page of a folder or zip.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if a part is missing or refused.")] = False,
    allow: Annotated[list[str] | None, typer.Option(help="A private host that may be reached; works here.")] = None,
    timeout: Annotated[str | None, typer.Option(help="With a worker: give up waiting after 90, 5m.")] = None,
    here: Annotated[bool, typer.Option("--here", help="Export in this process even if a worker runs.")] = False,
) -> None:
    """Export a web page as a picture or a PDF of a physical size; writes the path of the file.

    A running worker on the same database does the work; without one, or with --allow, this process does. Exits 1 if
    it failed.
    """
    from millhand.cli import exporting

    session = session_of(ctx)
    told: dict[str, object] = {
        "size": size,
        "orientation": orientation,
        "full_page": full_page or None,
        "dpi": dpi,
        "device_scale": device_scale,
        "bleed": bleed,
        "crop_marks": crop_marks or None,
        "start": start,
        "strict": strict or None,
        "picture": {
            "element": element,
            "quality": quality,
            "transparent": transparent or None,
            "profile": profile or None,
        },
        "pdf": {
            "margins": exporting.margins(margin),
            "page_ranges": pages,
            "background": background,
            "header": exporting.template(header),
            "footer": exporting.template(footer),
            "scale": scale,
            "css_page_size": css_page_size or None,
            "tagged": tagged or None,
            "outline": outline or None,
        },
        "wait": {
            "network_idle": network_idle or None,
            "selector": wait_for,
            "expression": until,
            "failed": fail_if,
            "seconds": as_seconds(delay),
            "fonts": font,
            "settled": settle,
        },
        "view": {"dark": dark or None, "media": media, "locale": locale, "timezone": timezone},
        "cookies": [{"name": n, "value": v} for n, v in exporting.pairs(cookie or [], "=", "cookie")] or None,
        "headers": dict(exporting.pairs(header_line or [], ":", "header")) or None,
    }
    wanted = exporting.Wanted(page, out, form, exporting.given(told))
    exported = exporting.export(session, wanted, as_seconds(timeout), here=here, allowed=allow or [])
    if not session.run(exported):
        raise typer.Exit(ExitCode.NO)
