"""When a page counts as ready, and what is said of one that never is."""

import pytest

from millhand.core.errors import MillhandError, Permanent
from millhand.engines.chromium.values import PageLimits
from tests.integration.pages.server import Pages
from tests.integration.pages.support import Exporter

pytestmark = pytest.mark.needs("chromium")

SHORT = PageLimits(seconds=2)
LATER = "<body style='margin:0;background:#f00'><script>setTimeout(() => {%s}, 300)</script>"
GREEN = "document.body.style.background = '#0f0';"


def _colour(exporter: Exporter, script: str, wait: dict[str, object]) -> object:
    exporter.export("a.png", html=LATER % (GREEN + script), size="8x8px", dpi=96, wait=wait)
    return exporter.picture("a.png").getpixel((4, 4))


def test_without_a_condition_the_page_is_taken_as_it_loads(exporter: Exporter) -> None:
    assert _colour(exporter, "", {}) == (255, 0, 0)


@pytest.mark.parametrize(
    ("script", "wait"),
    [
        ("document.body.append(Object.assign(document.createElement('p'), {id: 'late', textContent: 'x'}))",
         {"selector": "#late"}),
        ("window.__RENDER_READY__ = true", {"expression": "window.__RENDER_READY__"}),
        ("window.ready = true", {"expression": "window.ready", "failed": "window.broken"}),
        ("window.told()", {"expression": "new Promise(done => { window.told = () => done(true); })"}),
        ("", {"seconds": 0.6}),
    ],
    ids=["selector", "expression", "expression-or-failure", "promise", "delay"],
)  # fmt: skip
def test_conditions_are_waited_for(exporter: Exporter, script: str, wait: dict[str, object]) -> None:
    red, green, *_ = _colour(exporter, script, wait)  # type: ignore[misc] - a pixel
    assert (red, green) == (0, 255)


def test_the_network_is_waited_for(exporter: Exporter, pages: Pages) -> None:
    pages.add("/data", "#0f0")
    url = pages.add(
        "/fetches",
        "<body style='margin:0;background:#f00'><script>setTimeout(() => fetch('/data').then(r => r.text())"
        ".then(colour => { document.body.style.background = colour; }), 200)</script>",
    )
    exporter.export("a.png", url=url, size="8x8px", dpi=96, wait={"network_idle": True})
    assert exporter.picture("a.png").getpixel((4, 4)) == (0, 255, 0)


def test_a_page_that_says_that_it_failed(exporter: Exporter) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export(
            "a.png",
            html=LATER % "window.__RENDER_ERROR__ = 'no data for tile 7'",
            wait={"expression": "window.__RENDER_READY__", "failed": "window.__RENDER_ERROR__"},
        )
    assert caught.value.code == "page_failed"
    assert "no data for tile 7" in caught.value.message


@pytest.mark.parametrize(
    ("wait", "named"),
    [
        ({"selector": "#never"}, "#never"),
        ({"expression": "window.never"}, "window.never"),
        ({"expression": "new Promise(() => 0)"}, "new Promise"),
    ],
)
def test_a_page_that_is_never_ready_says_on_what(exporter: Exporter, wait: dict[str, object], named: str) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", SHORT, html="<p>x", wait=wait)
    assert caught.value.code == "page_too_slow"
    assert named in caught.value.message


def test_an_expression_that_throws(exporter: Exporter) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", html="<p>", wait={"expression": "no.such.thing"})
    assert caught.value.code == "bad_expression"


def test_a_strict_content_policy_does_not_stop_conditions(exporter: Exporter) -> None:
    html = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\"><p id=a>x"
    exporter.export("a.png", html=html, size="1x1in", wait={"expression": "document.querySelector('#a')"})


def test_fonts_that_must_be_there(exporter: Exporter) -> None:
    exporter.export("a.png", html="<p>", size="1x1in", wait={"fonts": ["Liberation Sans"]})
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", html="<p>", size="1x1in", wait={"fonts": ["Liberation Sans", "Nosuch Grotesk"]})
    assert caught.value.code == "font_missing"
    assert "Nosuch Grotesk" in caught.value.message


def test_a_selector_that_can_not_be_read(exporter: Exporter) -> None:
    with pytest.raises(MillhandError):
        exporter.export("a.png", html="<p>", wait={"selector": "##"})
