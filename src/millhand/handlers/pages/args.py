"""The arguments of `page.export`, and what becomes of a page."""

from pathlib import PurePosixPath
from typing import Literal, Self

from pydantic import BaseModel, Field, model_validator

from millhand.core.job import Args
from millhand.core.secret import Secret
from millhand.handlers.pages.options import (
    CookieOption,
    Length,
    PdfOptions,
    PictureOptions,
    SizeText,
    ViewOptions,
    WaitOptions,
)

Format = Literal["png", "jpeg", "webp", "pdf"]
MEDIA_TYPES: dict[Format, str] = {
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "pdf": "application/pdf",
}
_BY_SUFFIX: dict[str, Format] = {
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
    ".webp": "webp",
    ".pdf": "pdf",
}


class ExportPage(Args, kind="page.export", queue="pages"):
    """Export a web page as a picture or a PDF of a physical size."""

    url: str = Field(default="", max_length=100_000, description="The page's address (http or https).")
    html: str = Field(default="", description="Or the page itself.")
    bundle: str = Field(default="", description="Or the URL of a zip with an index.html and what belongs to it.")
    start: str = Field(default="", description="The bundle's first page; empty means its topmost index.html.")
    target: str = Field(description="URL of the file to write.")
    format: Format | None = Field(default=None, description="Unset means by the target's suffix.")
    size: SizeText = Field(
        default="A4", description="Such as `18x24in`, `210x297mm`, `816x1056px` or a paper's name; inches by default."
    )
    orientation: Literal["portrait", "landscape"] | None = Field(
        default=None, description="Turn the size; unset means as it is given."
    )
    full_page: bool = Field(default=False, description="As high as the page is, whatever height the size has.")
    dpi: int = Field(default=300, ge=10, le=2_400, description="Device pixels to the inch; written into the file.")
    device_scale: float | None = Field(
        default=None, gt=0, le=25, description="Device pixels for a CSS pixel, in place of dpi (dpi is 96 times that)."
    )
    bleed: Length = Field(default="0", description="What is cut off on each side, added to the size; such as `3mm`.")
    crop_marks: bool = Field(default=False, description="Add a white band with marks to cut along (PNG, PDF).")
    wait: WaitOptions = Field(default=WaitOptions(), description="When the page is ready.")
    view: ViewOptions = Field(default=ViewOptions(), description="How the page sees the world.")
    picture: PictureOptions = Field(default=PictureOptions(), description="How a picture shall be.")
    pdf: PdfOptions = Field(default=PdfOptions(), description="How a PDF shall be.")
    cookies: tuple[CookieOption, ...] = Field(default=(), max_length=200, description="Cookies for the page.")
    headers: dict[str, Secret] = Field(
        default_factory=dict[str, Secret], description="Headers for requests to the page's own origin."
    )
    strict: bool = Field(default=False, description="Fail if a part of the page is missing or refused.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if sum(map(bool, (self.url, self.html, self.bundle))) != 1:
            raise ValueError("give one of `url`, `html` and `bundle`")
        if self.format is None and self._suffix not in _BY_SUFFIX:
            raise ValueError("the target must end in .png, .jpg, .webp or .pdf, or `format` must be given")
        if self.crop_marks and self.made in {"jpeg", "webp"}:
            raise ValueError("crop marks are drawn on PNG and PDF")
        if self.picture.element and (self.crop_marks or self.made == "pdf"):
            raise ValueError("an element is exported as a picture without crop marks")
        return self

    @property
    def name(self) -> str:
        """The name of the file to write."""
        return PurePosixPath(self.target.partition("?")[0]).name

    @property
    def _suffix(self) -> str:
        return PurePosixPath(self.name).suffix.lower()

    @property
    def made(self) -> Format:
        """The format of the file."""
        return self.format or _BY_SUFFIX[self._suffix]

    @property
    def resolution(self) -> int:
        """Device pixels to the inch."""
        return self.dpi if self.device_scale is None else max(round(self.device_scale * 96), 10)


class PageFont(BaseModel):
    """A font in which text of the page is shown; `web` if the page brought it along."""

    family: str
    web: bool


class ExportedPage(BaseModel):
    """What became of a page. Pixels are those of a picture, pages those of a PDF; fonts, most used first."""

    url: str
    format: Format
    size: int
    sha256: str
    width: int | None
    height: int | None
    dpi: int | None
    strips: int
    pages: int | None
    page_url: str
    status: int
    engine_version: str
    seconds: float
    transferred: int
    fonts: list[PageFont]
    notices: list[str]
