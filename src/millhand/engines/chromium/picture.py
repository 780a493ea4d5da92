"""Taking the picture of a page that is ready: at once, or in strips that are joined while they come."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from millhand.core.errors import EngineFailed
from millhand.engines.chromium import density, png, strips
from millhand.engines.chromium.errors import BadPage, PageTooDemanding, PageUnstable
from millhand.engines.chromium.frame import Frame
from millhand.engines.chromium.png import Header, Rows
from millhand.engines.chromium.protocol import PageProtocol
from millhand.engines.chromium.strips import Area
from millhand.engines.chromium.values import ChromiumSettings, PageLimits, Picture, View

_WEBP_SIDE = 16_383  # pixels, by the format
_JPEG_SIDE = 65_535
_LOSSY_PIXELS = 100_000_000
_PROBE = Area(0, 0, 8, 8)


@dataclass(frozen=True)
class Taken:
    """A picture in a file: its size in pixels, and in how many strips it was captured."""

    width: int
    height: int
    strips: int


class Photographer:
    """Takes one picture of one page."""

    def __init__(
        self, page: PageProtocol, view: View, order: Picture, settings: ChromiumSettings, limits: PageLimits
    ) -> None:
        self._page = page
        self._view = view
        self._order = order
        self._settings = settings
        self._limits = limits

    async def take(self, target: Path) -> Taken:
        """Write the picture; raises `BadPage`, `PageTooDemanding`, `PageUnstable`, `EngineFailed`."""
        area = await self._area()
        self._check_size(area)
        await self._page.hold_still()
        if self._order.transparent:
            await self._page.show_no_background()
        if self._order.format != "png":
            return await self._take_lossy(area, target)
        added = png.metadata(self._view.dpi, await self._profile())
        if area.width * area.height <= self._settings.whole_pixels and self._order.marks is None:
            return await self._take_whole(area, added, target)
        return await self._take_strips(area, added, target)

    async def _area(self) -> Area:
        scale = self._view.scale
        if self._order.element:
            found = await self._page.element_area(self._order.element, scale)
            if found is None:
                raise BadPage(
                    f"The page shows no element '{self._order.element}'.",
                    code="element_missing",
                    hint="Check the selector, and wait for the element (`wait.selector`).",
                )
            return found
        width, height = self._order.width, self._order.height
        _, content = await self._page.document_size()
        if height is None:
            # Laid out anew at its full height, so that nothing on it depends on scrolling.
            await self._page.set_window(self._view, content)
            _, content = await self._page.document_size()
        return Area(0, 0, width or round(self._view.width * scale), height or round(content * scale))

    def _check_size(self, area: Area) -> None:
        pixels = area.width * area.height
        size = f"{area.width} x {area.height} pixels"
        if pixels > self._limits.pixels:
            raise PageTooDemanding(f"The picture would have {size}.", hint="Ask for a smaller size or fewer dpi.")
        longest = {"png": pixels, "jpeg": _JPEG_SIDE, "webp": _WEBP_SIDE}[self._order.format]
        lossy = self._order.format != "png"
        if max(area.width, area.height) > longest or (lossy and pixels > _LOSSY_PIXELS):
            raise BadPage(
                f"{self._order.format} can't hold {size}.",
                code="too_large_for_format",
                hint="Ask for PNG, which is written strip by strip, or for a smaller size.",
            )

    async def _profile(self) -> bytes | None:
        if not self._order.embed_profile:
            return None
        return density.jpeg_profile(await self._page.capture(_PROBE, self._view.scale, "jpeg", 50))

    async def _take_lossy(self, area: Area, target: Path) -> Taken:
        form, dpi = self._order.format, self._view.dpi
        content = await self._page.capture(area, self._view.scale, form, self._order.quality)
        jpeg = form == "jpeg"
        size = density.jpeg_size(content) if jpeg else density.webp_size(content)
        _must_be(size, area)
        finished = density.in_jpeg(content, dpi) if jpeg else density.in_webp(content, dpi)
        await asyncio.to_thread(target.write_bytes, finished)
        return Taken(area.width, area.height, 1)

    async def _take_whole(self, area: Area, added: bytes, target: Path) -> Taken:
        content = await self._page.capture(area, self._view.scale, "png")
        header = png.read_header(content)
        _must_be((header.width, header.height), area)

        def write() -> None:
            with target.open("wb") as file:
                file.writelines(png.splice(content, added))

        await asyncio.to_thread(write)
        return Taken(area.width, area.height, 1)

    async def _take_strips(self, area: Area, added: bytes, target: Path) -> Taken:
        parts = strips.parted(area, self._view.scale, self._settings.strip_pixels)
        with target.open("wb") as file:
            joiner = _Joiner(file, area, added, self._order)
            pending: asyncio.Task[None] | None = None
            try:
                for number, part in enumerate(parts):
                    content = await self._page.capture(part, self._view.scale, "png")
                    band = await self._band(parts[number - 1], part) if number else None
                    if pending is not None:
                        await pending
                    # The next strip is captured while this one is packed.
                    pending = asyncio.create_task(asyncio.to_thread(joiner.add, part, content, band))
            finally:
                if pending is not None:
                    await pending
            await asyncio.to_thread(joiner.close)
        return Taken(joiner.size.width, joiner.size.height, len(parts))

    async def _band(self, above: Area, below: Area) -> tuple[bytes, int]:
        area = strips.around_join(above, below, self._view.scale)
        return await self._page.capture(area, self._view.scale, "png"), below.y - area.y


class _Joiner:
    """Joins strips into one file, proving each join before it is written."""

    def __init__(self, file: BinaryIO, area: Area, added: bytes, order: Picture) -> None:
        self._file = file
        self._area = area
        self._added = added
        self._marks = order.marks
        self._frame: Frame | None = None
        self._writer: png.Writer | None = None
        self._above: Rows | None = None
        self._channels = 0
        self.size = Header(area.width, area.height, 3)

    def add(self, part: Area, content: bytes, band: tuple[bytes, int] | None) -> None:
        rows = png.read_rows(content)
        _must_be((rows.header.width, rows.header.height), part)
        if self._writer is None:
            self._writer = self._begun(rows.header.channels)
        if rows.header.channels != self._channels:
            raise EngineFailed("the strips are of different kinds", code="bad_picture")
        if band is not None and self._above is not None:
            _prove(self._above, rows, png.read_rows(band[0]), band[1])
        if self._frame is None:
            self._writer.write(rows.data)
        else:
            self._writer.write_all(self._frame.around(rows))
        self._above = rows

    def close(self) -> None:
        if self._writer is None:
            return
        if self._frame is not None:
            self._writer.write_all(self._frame.below())
        self._writer.close()

    def _begun(self, channels: int) -> png.Writer:
        self._channels = channels
        inner = Header(self._area.width, self._area.height, channels)
        if self._marks is None:
            self.size = inner
            return png.Writer(self._file, inner, self._added)
        self._frame = Frame(inner, self._marks)
        self.size = self._frame.outer
        writer = png.Writer(self._file, self.size, self._added)
        writer.write_all(self._frame.above())
        return writer


def _prove(above: Rows, below: Rows, band: Rows, rows_above: int) -> None:
    if not strips.fits(above, below, band, rows_above):
        raise PageUnstable("The page changed while it was captured: two strips of it do not fit together.")


def _must_be(size: tuple[int, int], area: Area) -> None:
    if size != (area.width, area.height):
        raise EngineFailed(
            f"the browser gave {size[0]} x {size[1]} pixels instead of {area.width} x {area.height}",
            code="bad_picture",
        )
