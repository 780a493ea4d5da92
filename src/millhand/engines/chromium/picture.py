"""Taking the picture of a page that is ready: at once, or in strips that are joined while they come."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from millhand.engines.chromium import colour, density, jpeg_file, png, strips, webp_file
from millhand.engines.chromium.errors import BadPage, PageTooDemanding
from millhand.engines.chromium.joining import Joiner, PictureFile
from millhand.engines.chromium.jpeg_file import JpegFile
from millhand.engines.chromium.png_file import PngFile
from millhand.engines.chromium.protocol import Captured, PageProtocol
from millhand.engines.chromium.ready import Phase
from millhand.engines.chromium.rows import Header
from millhand.engines.chromium.strips import Area, Strip
from millhand.engines.chromium.values import ChromiumSettings, PageLimits, Picture, PictureFormat, View
from millhand.engines.chromium.webp_file import WebpFile

_NAMES: dict[PictureFormat, str] = {"png": "PNG", "jpeg": "JPEG", "webp": "WebP"}
_LONGEST: dict[PictureFormat, int] = {"jpeg": jpeg_file.LONGEST_SIDE, "webp": webp_file.LONGEST_SIDE}
_LARGER: dict[PictureFormat, tuple[PictureFormat, ...]] = {"jpeg": ("png",), "webp": ("jpeg", "png")}
_SIZES: dict[PictureFormat, Callable[[bytes], tuple[int, int]]] = {
    "png": png.size,
    "jpeg": density.jpeg_size,
    "webp": density.webp_size,
}
_RGB, _RGBA = 3, 4  # channels


@dataclass(frozen=True)
class Taken:
    """A picture in a file: its size in pixels, and in how many strips it was captured."""

    width: int
    height: int
    strips: int


def first_shown(view: View, settings: ChromiumSettings) -> Area:
    """What the browser draws of a page until it is captured: as much as is captured at first, to bound its memory."""
    width, height = (max(int(side * view.scale), 1) for side in (view.width, view.height))
    return _parts(Area(0, 0, width, height), view, settings)[0].area


class Photographer:
    """Takes one picture of one page."""

    def __init__(
        self,
        page: PageProtocol,
        view: View,
        order: Picture,
        told: tuple[ChromiumSettings, PageLimits],
        phase: Phase,
    ) -> None:
        self._page = page
        self._view = view
        self._order = order
        self._settings, self._limits = told
        self._phase = phase

    async def take(self, target: Path) -> Taken:
        """Write the picture; raises `BadPage`, `PageTooDemanding`, `PageUnstable`, `EngineFailed`."""
        area = await self._area()
        await self._page.hold_still()
        if self._order.transparent:
            await self._page.show_no_background()
        parts = _parts(area, self._view, self._settings)
        if len(parts) == 1 and self._order.marks is None:
            return await self._take_whole(area, target)
        return await self._take_strips(area, parts, target)

    async def _area(self) -> Area:
        scale = self._view.scale
        if self._order.element:
            found = await self._page.element_area(self._order.element)
            if found is None:
                raise BadPage(
                    f"The page shows no element '{self._order.element}'.",
                    code="element_missing",
                    hint="Check the selector, and wait for the element (`wait.selector`).",
                )
            self._check_size(found)
            return found
        width = self._order.width or round(self._view.width * scale)
        height = self._order.height
        if height is None:
            # Laid out anew at its full height, so that nothing on it depends on scrolling.
            _, content = await self._page.document_size()
            self._check_size(Area(0, 0, width, round(content * scale)))
            await self._page.set_window(content, first_shown(self._view, self._settings))
            _, content = await self._page.document_size()
            height = round(content * scale)
        area = Area(0, 0, width, height)
        self._check_size(area)
        return area

    def _check_size(self, area: Area) -> None:
        size = f"{area.width:,} x {area.height:,} pixels"
        if area.pixels > self._limits.pixels:
            raise PageTooDemanding(f"The picture would have {size}.", hint="Ask for a smaller size or fewer dpi.")
        form = self._order.format
        longest = _LONGEST.get(form)
        if longest is not None and max(area.width, area.height) > longest:
            raise _too_large(form, f"{size}: it ends at {longest:,} on a side")
        if form == "webp" and area.pixels > webp_file.MOST_PIXELS:
            raise _too_large(form, f"{size}: it ends at {webp_file.MOST_PIXELS // 1_000_000:,} million")

    async def _take_whole(self, area: Area, target: Path) -> Taken:
        self._phase.reach(0.3, "capturing it")
        form, dpi = self._order.format, self._view.dpi
        captured = await self._page.capture(area, form, 0 if form == "png" else self._order.quality)
        content = await asyncio.to_thread(captured.content)
        if _SIZES[form](content) != (area.width, area.height):
            return await self._take_strips(area, [Strip(area, 0)], target)  # the browser cuts parts of a CSS pixel off
        if form == "png":
            finished = b"".join(png.splice(content, self._added()))
        else:
            finished = (density.in_jpeg if form == "jpeg" else density.in_webp)(content, dpi, colour.srgb())
        await asyncio.to_thread(target.write_bytes, finished)
        return Taken(area.width, area.height, 1)

    def _added(self) -> bytes:
        return png.metadata(self._view.dpi, colour.srgb() if self._order.embed_profile else None)

    async def _take_strips(self, area: Area, parts: list[Strip], target: Path) -> Taken:
        channels = _RGBA if self._order.transparent else _RGB
        file = self._file(target, Header(area.width, area.height, channels))
        try:
            await self._join(Joiner(file, channels), parts)
            self._phase.reach(0.9, "writing the file")
            await asyncio.to_thread(file.finish)
        finally:
            await asyncio.to_thread(file.close)
        return Taken(file.size.width, file.size.height, len(parts))

    async def _join(self, joiner: Joiner, parts: list[Strip]) -> None:
        """Capture the strips in turn; each is joined while the browser is at the next."""
        joining: asyncio.Future[None] | None = None
        waiting: partial[None] | None = None
        try:
            for number, part in enumerate(parts):
                self._phase.reach(0.3 + 0.6 * number / len(parts), f"capturing strip {number + 1} of {len(parts)}")
                after = parts[number + 1] if number + 1 < len(parts) else part
                # The browser goes back to what it shows when it has the strip, and draws it while it packs the strip.
                # Both are sent at once, or it would draw that twice; and before the last strip is joined, which would
                # keep the interpreter from sending.
                capturing = asyncio.gather(self._page.show(after.area), self._page.capture(part.area, "png"))
                await asyncio.sleep(0)
                joining = asyncio.ensure_future(asyncio.to_thread(waiting)) if waiting else None
                _, captured = await capturing
                if png.size(captured.beginning()) != (part.area.width, part.area.height):
                    captured = await self._page.capture(part.area.outward(self._view.scale), "png")
                if joining is not None:
                    await joining
                waiting = partial(_add, joiner, part, captured, after.overlap if after is not part else 0)
            if waiting:
                await asyncio.to_thread(waiting)
        finally:
            if joining is not None:
                await asyncio.gather(joining, return_exceptions=True)

    def _file(self, target: Path, size: Header) -> PictureFile:
        order, dpi = self._order, self._view.dpi
        if order.format == "png":
            return PngFile(target, size, self._added(), order.marks)
        made = JpegFile if order.format == "jpeg" else WebpFile
        return made(target, size, order.quality, dpi, colour.srgb())


def _add(joiner: Joiner, part: Strip, captured: Captured, shared_with_next: int) -> None:
    joiner.add(part, captured.content(), shared_with_next)


def _parts(area: Area, view: View, settings: ChromiumSettings) -> list[Strip]:
    if area.pixels <= settings.whole_pixels:
        return [Strip(area, 0)]
    return strips.parted(area, view.scale, settings.strip_pixels)


def _too_large(form: PictureFormat, why: str) -> BadPage:
    fits = " or ".join(_NAMES[other] for other in _LARGER[form])
    return BadPage(
        f"{_NAMES[form]} can't hold {why}.", code="too_large_for_format", hint=f"Ask for {fits}, or for a smaller size."
    )
