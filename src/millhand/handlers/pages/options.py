"""What users may ask of an exported page."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from millhand.core.errors import InvalidArgs
from millhand.core.secret import Secret
from millhand.handlers.pages.sizes import length_of, size_of

_RANGES = r"^\s*\d+(\s*-\s*\d*)?(\s*,\s*\d+(\s*-\s*\d*)?)*\s*$"
_TEMPLATE = 100_000  # characters


def _size(text: str) -> str:
    try:
        size_of(text)
    except InvalidArgs as error:
        raise ValueError(f"{error.message}. {error.hint}".strip()) from error
    return text


def _length(text: str) -> str:
    try:
        length_of(text)
    except InvalidArgs as error:
        raise ValueError(f"{error.message}. {error.hint}") from error
    return text


SizeText = Annotated[str, AfterValidator(_size)]
"""A size such as `18x24in` or `A4`, as it was written."""
Length = Annotated[str, AfterValidator(_length)]
"""A length such as `3mm`, as it was written."""


class Options(BaseModel):
    """Options that belong together."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class WaitOptions(Options):
    """When the page is ready: after it has loaded, each condition that is given, in this order."""

    network_idle: bool = Field(default=False, description="Nothing was requested for half a second.")
    selector: str = Field(default="", max_length=2_000, description="This element is visible (a CSS selector).")
    expression: str = Field(
        default="",
        max_length=10_000,
        description="This JavaScript is true, such as `window.ready === true`, or a promise of what is.",
    )
    failed: str = Field(
        default="", max_length=10_000, description="Give up when this JavaScript is true; its value is the reason."
    )
    seconds: float = Field(default=0, ge=0, le=600, description="Wait for so long, whatever happens.")
    fonts: tuple[str, ...] = Field(
        default=(), max_length=100, description="Families that must be there; without them the export fails."
    )
    settled: bool = Field(default=True, description="Its fonts and images are loaded, and two frames were drawn.")


class ViewOptions(Options):
    """How the page sees the world."""

    dark: bool = Field(default=False, description="Ask for the page's dark colours.")
    media: Literal["screen", "print"] | None = Field(
        default=None, description="The CSS media type; unset means print for PDF and screen for pictures."
    )
    locale: str = Field(default="", max_length=40, description="The language, such as `de-DE`.")
    timezone: str = Field(default="", max_length=60, description="The time zone, such as `Europe/Berlin`.")


class PictureOptions(Options):
    """How a picture shall be."""

    element: str = Field(default="", max_length=2_000, description="Only this element (a CSS selector).")
    quality: int = Field(default=90, ge=1, le=100, description="Of JPEG and WebP, in per cent.")
    transparent: bool = Field(default=False, description="Leave transparent what the page does not paint (PNG, WebP).")
    profile: bool = Field(
        default=False, description="Embed the sRGB profile in a PNG rather than its mark. JPEG and WebP always have it."
    )


class Margins(Options):
    """White borders of the pages of a PDF, as lengths such as `10mm`."""

    top: Length = "0"
    right: Length = "0"
    bottom: Length = "0"
    left: Length = "0"


class PdfOptions(Options):
    """How a PDF shall be."""

    margins: Margins = Field(default=Margins(), description="White borders; header and footer are printed there.")
    page_ranges: str = Field(
        default="", pattern=f"^$|{_RANGES}", description="Pages to keep, such as `1-3, 5`; empty means all."
    )
    background: bool = Field(default=True, description="Print background colours and pictures.")
    header: str = Field(
        default="",
        max_length=_TEMPLATE,
        description="HTML; classes pageNumber, totalPages, title, url, date are filled.",
    )
    footer: str = Field(default="", max_length=_TEMPLATE, description="As the header.")
    scale: float = Field(default=1, ge=0.1, le=2, description="Print larger or smaller.")
    css_page_size: bool = Field(default=False, description="A size that the page's own CSS gives (@page) wins.")
    tagged: bool = Field(default=False, description="Mark headings, lists and tables for screen readers.")
    outline: bool = Field(default=False, description="An outline from the headings.")


class CookieOption(Options):
    """A cookie that the page gets."""

    name: str = Field(min_length=1, max_length=200)
    value: Secret
    domain: str = Field(default="", description="Empty means the page's own host.")
    path: str = "/"
