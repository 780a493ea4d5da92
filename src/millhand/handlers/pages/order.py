"""From what a user asked for to what the engine does: sizes in pixels and inches, and everything by its final name."""

from fractions import Fraction

from millhand.engines.chromium.site import Site
from millhand.engines.chromium.values import Cookie, CropMarks, PageOrder, Picture, Print, View, Wait
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.options import Margins
from millhand.handlers.pages.sizes import Size, css_pixels, length_of, pixels, size_of

# Room for marks of a quarter inch, a twelfth away from the bleed.
_BAND = Fraction(1, 3)
_GAP = Fraction(1, 12)
_MARK_WIDTH = Fraction(1, 4 * 72)


def order_of(args: ExportPage, source: str | Site) -> PageOrder:
    """The engine's order; raises `InvalidArgs` for sizes and lengths that can't be read."""
    bleed = length_of(args.bleed)
    page = size_of(args.size).turned(args.orientation).grown(bleed)
    output = _print(args, page, bleed) if args.made == "pdf" else _picture(args, page, bleed)
    return PageOrder(
        source=source,
        view=_view(args, page),
        output=output,
        wait=Wait(**args.wait.model_dump()),
        cookies=tuple(Cookie(one.name, one.value.get_secret_value(), one.domain, one.path) for one in args.cookies),
        headers={name: value.get_secret_value() for name, value in args.headers.items()},
        strict=args.strict,
    )


def _view(args: ExportPage, page: Size) -> View:
    pdf = args.made == "pdf"
    dpi = 96 if pdf else args.resolution
    return View(
        width=css_pixels(pixels(page.width, dpi), dpi),
        height=css_pixels(pixels(page.height, dpi), dpi),
        dpi=dpi,
        dark=args.view.dark,
        media=args.view.media or ("print" if pdf else "screen"),
        locale=args.view.locale,
        timezone=args.view.timezone,
    )


def _picture(args: ExportPage, page: Size, bleed: Fraction) -> Picture:
    dpi, made = args.resolution, args.made
    whole = args.full_page or args.picture.element
    return Picture(
        format="png" if made == "pdf" else made,
        width=pixels(page.width, dpi),
        height=None if whole else pixels(page.height, dpi),
        element=args.picture.element,
        quality=args.picture.quality,
        transparent=args.picture.transparent and made != "jpeg",
        embed_profile=args.picture.profile and made == "png",
        marks=_crop_marks(bleed, dpi) if args.crop_marks else None,
    )


def _crop_marks(bleed: Fraction, dpi: int) -> CropMarks:
    return CropMarks(
        band=pixels(_BAND, dpi),
        bleed=pixels(bleed, dpi) if bleed else 0,
        gap=pixels(_GAP, dpi),
        thickness=pixels(_MARK_WIDTH, dpi),
    )


def _print(args: ExportPage, page: Size, bleed: Fraction) -> Print:
    told = args.pdf
    return Print(
        width=page.width,
        height=None if args.full_page else page.height,
        margins=_margins(told.margins),
        ranges=told.page_ranges,
        background=told.background,
        header=told.header,
        footer=told.footer,
        scale=told.scale,
        page_size_from_css=told.css_page_size,
        tagged=told.tagged,
        outline=told.outline,
        bleed=bleed,
        band=_BAND if args.crop_marks else Fraction(0),
    )


def _margins(told: Margins) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    return length_of(told.top), length_of(told.right), length_of(told.bottom), length_of(told.left)
