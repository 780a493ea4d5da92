"""The arguments of page.export, and the engine's order that is made of them."""

import pytest
from pydantic import ValidationError

from millhand.engines.chromium.values import Picture, Print
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.order import order_of


def _args(**told: object) -> ExportPage:
    return ExportPage.model_validate({"url": "http://example.com/", "target": "file:///map.png", **told})


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": ""},
        {"html": "<p>"},
        {"target": "file:///map.tiff"},
        {"target": "file:///map.jpg", "crop_marks": True},
        {"target": "file:///map.pdf", "picture": {"element": "#a"}},
        {"size": "huge"},
        {"size": "0x4in"},
        {"size": "401x4in"},
        {"bleed": "some"},
        {"pdf": {"margins": {"top": "wide"}}},
        {"dpi": 0},
        {"dpi": 299.5},
        {"picture": {"quality": 101}},
        {"pdf": {"page_ranges": "one"}},
        {"colour": "red"},
    ],
)
def test_contradictions_and_unknown_options_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _args(**wrong)


@pytest.mark.parametrize(
    ("target", "made"),
    [("a.png", "png"), ("a.JPG", "jpeg"), ("a.jpeg?x=1.pdf", "jpeg"), ("a.webp", "webp"), ("a.pdf", "pdf")],
)
def test_the_suffix_tells_the_format(target: str, made: str) -> None:
    assert _args(target=f"memory://{target}").made == made


def test_a_format_that_is_given_wins() -> None:
    assert _args(target="memory://a", format="pdf").made == "pdf"


def test_a_poster_is_laid_out_in_css_pixels() -> None:
    order = order_of(_args(size="18x24in"), "http://example.com/")
    assert (order.view.width, order.view.height, order.view.dpi, order.view.media) == (1728, 2304, 300, "screen")
    assert isinstance(order.output, Picture)
    assert (order.output.width, order.output.height) == (5400, 7200)


def test_device_scale_stands_for_dpi() -> None:
    order = order_of(_args(size="816x1056px", device_scale=2), "http://example.com/")
    assert isinstance(order.output, Picture)
    assert (order.view.width, order.output.width, order.view.dpi) == (816, 1632, 192)


def test_a_pdf_is_printed_with_bleed_and_marks() -> None:
    order = order_of(_args(target="a.pdf", size="10x10in", bleed="0.5in", crop_marks=True), "http://example.com/")
    assert isinstance(order.output, Print)
    assert (order.output.width, order.output.height, order.view.media) == (11, 11, "print")
    assert order.output.band > 0


def test_secrets_are_masked_but_travel_with_the_job() -> None:
    args = _args(headers={"Authorization": "Bearer x"}, cookies=[{"name": "id", "value": "hidden"}])
    assert "Bearer" not in repr(args)
    assert "hidden" not in repr(args)
    again = ExportPage.model_validate_json(args.model_dump_json())
    order = order_of(again, "http://example.com/")
    assert order.headers == {"Authorization": "Bearer x"}
    assert order.cookies[0].value == "hidden"
