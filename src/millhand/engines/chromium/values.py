"""The values that go into the Chromium engine and come out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, TypeAlias

from millhand.engines.chromium.site import Site

Sandbox: TypeAlias = Literal["auto", "on", "off"]
PictureFormat: TypeAlias = Literal["png", "jpeg", "webp"]

_MEGABYTE = 1 << 20
_NONE = Fraction(0)
CSS_PER_INCH = 96
"""CSS pixels in an inch, by definition (CSS Values 4, absolute lengths)."""


@dataclass(frozen=True)
class ChromiumSettings:
    """How the engine runs.

    `executable` None: find it. The browser is replaced after `recycle_pages` pages, `recycle_seconds`, or when an idle
    one holds more than `recycle_memory` bytes. `allowed_hosts` names hosts (`host` or `host:port`) that pages may reach
    although their addresses are private. A picture of more than `whole_pixels` is captured in strips of at most
    `strip_pixels`, which bounds memory on both sides.
    """

    executable: Path | None = None
    sandbox: Sandbox = "auto"
    allowed_hosts: frozenset[str] = frozenset()
    recycle_pages: int = 100
    recycle_seconds: float = 3600.0
    recycle_memory: int = 1024 * _MEGABYTE
    start_seconds: float = 30.0
    whole_pixels: int = 10_000_000
    strip_pixels: int = 5_000_000


@dataclass(frozen=True)
class PageLimits:
    """What one page may use: wall time, the browser's resident memory, bytes loaded, bytes written, pixels."""

    seconds: float = 120.0
    memory: int = 3072 * _MEGABYTE
    transfer: int = 500 * _MEGABYTE
    output: int = 2048 * _MEGABYTE
    pixels: int = 600_000_000


@dataclass(frozen=True)
class Cookie:
    """A cookie for the page. Without a domain it belongs to the page's own host."""

    name: str
    value: str
    domain: str = ""
    path: str = "/"


@dataclass(frozen=True)
class Wait:
    """When a page is ready: after its load event, and then each condition that is given, in this order.

    `expression` and `failed` are JavaScript: the page is ready when the first becomes true, and is given up, with its
    value as the reason, when the second does. `settled` waits for fonts, images and two frames.
    """

    network_idle: bool = False
    selector: str = ""
    expression: str = ""
    failed: str = ""
    seconds: float = 0.0
    settled: bool = True
    fonts: tuple[str, ...] = ()


@dataclass(frozen=True)
class View:
    """How the page is seen: the window in CSS pixels, device pixels to the inch, and what media queries are told."""

    width: int
    height: int
    dpi: int
    dark: bool = False
    media: Literal["screen", "print"] = "screen"
    locale: str = ""
    timezone: str = ""

    @property
    def scale(self) -> Fraction:
        """Device pixels for a CSS pixel, exactly."""
        return Fraction(self.dpi, CSS_PER_INCH)


@dataclass(frozen=True)
class CropMarks:
    """Marks outside the page's picture: the band around it that they take, and where the trimmed edge lies within.

    All in the unit of the output: pixels of a picture, points of a PDF.
    """

    band: int
    bleed: int
    gap: int
    thickness: int


@dataclass(frozen=True)
class Picture:
    """A picture to make. `width` and `height` are device pixels; None takes what the page, or the element, has."""

    format: PictureFormat
    width: int | None
    height: int | None
    element: str = ""
    quality: int = 90
    transparent: bool = False
    embed_profile: bool = False
    marks: CropMarks | None = None


@dataclass(frozen=True)
class PdfBoxes:
    """The exact size of a page in points, the bleed that is part of it, and the band around it for crop marks."""

    width: Fraction
    height: Fraction
    bleed: Fraction = _NONE
    band: Fraction = _NONE


@dataclass(frozen=True)
class Print:
    """A PDF to make.

    Sizes, margins (top, right, bottom, left), bleed and the band for crop marks are inches; no height takes all of the
    page.
    """

    width: Fraction
    height: Fraction | None
    margins: tuple[Fraction, Fraction, Fraction, Fraction] = (_NONE, _NONE, _NONE, _NONE)
    ranges: str = ""
    background: bool = True
    header: str = ""
    footer: str = ""
    scale: float = 1.0
    page_size_from_css: bool = False
    tagged: bool = False
    outline: bool = False
    bleed: Fraction = _NONE
    band: Fraction = _NONE


@dataclass(frozen=True)
class PageOrder:
    """One page to export: where it is (a URL, or a site of our own), how to see it, when it is ready, what to make."""

    source: str | Site
    view: View
    output: Picture | Print
    wait: Wait = Wait()
    cookies: tuple[Cookie, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    strict: bool = False


@dataclass(frozen=True)
class FontUse:
    """A font in which text of the page is shown; `web` if the page brought it along."""

    family: str
    web: bool


@dataclass(frozen=True)
class Exported:
    """A page that was exported.

    `url` is where it led in the end, cut after 2,000 characters. `width` and `height` are pixels of a picture, None for
    a PDF; `strips` is 1 when it was captured at once; `notices` say what was missing or refused on the page.
    """

    url: str
    status: int
    version: str
    seconds: float
    transferred: int
    width: int | None = None
    height: int | None = None
    strips: int = 1
    pages: int | None = None
    fonts: tuple[FontUse, ...] = ()
    notices: tuple[str, ...] = ()
