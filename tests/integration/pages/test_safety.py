"""Hostile and broken pages: each ends with its reason, reaches nothing private, and leaves the browser usable."""

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from millhand.core.errors import JobCancelled, MillhandError, Permanent, Transient
from millhand.engines.chromium import relay
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.errors import PageCrashed
from millhand.engines.chromium.values import ChromiumSettings, PageLimits
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.options import WaitOptions
from millhand.handlers.pages.order import order_of
from tests.integration.pages.server import Pages, serving
from tests.integration.pages.support import Exporter
from tests.support import wait_until

pytestmark = pytest.mark.needs("chromium")

SHORT = PageLimits(seconds=3)


@pytest.fixture(autouse=True)
def _goes_on(exporter: Exporter) -> None:
    """The one before left the engine able to export."""
    exporter.export("fine.png", html="<p>fine", size="1x1in", dpi=96)


def test_a_strict_export_fails_for_a_missing_part(exporter: Exporter) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", html="<img src=http://10.0.0.1/a.png>", strict=True)
    assert caught.value.code == "part_missing"


def test_a_named_host_is_reached(exporter: Exporter, pages: Pages) -> None:
    done = exporter.export("a.png", url=pages.add("/map", "<p>map"), size="1x1in")
    assert (done.status, done.url) == (200, pages.url("/map"))
    assert done.transferred > 0


@pytest.mark.parametrize(
    ("status", "kind"), [(404, Permanent), (410, Permanent), (403, Permanent), (429, Transient), (503, Transient)]
)
def test_statuses(exporter: Exporter, pages: Pages, status: int, kind: type[MillhandError]) -> None:
    with pytest.raises(kind) as caught:
        exporter.export("a.png", url=pages.url(f"/status?code={status}"))
    assert (caught.value.code, str(status) in caught.value.message) == ("page_status", True)


def test_an_error_page_is_not_waited_for(exporter: Exporter, pages: Pages) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", url=pages.url("/status?code=404"), wait={"selector": "#map"})
    assert caught.value.code == "page_status"


def test_a_server_that_is_down_is_tried_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        engine = Chromium(ChromiumSettings(allowed_hosts=frozenset({host})))
        try:
            with pytest.raises(Transient) as caught:
                Exporter(engine, tmp_path_factory.mktemp("down")).export("a.png", url=f"http://{host}/")
        finally:
            engine.close()
    assert caught.value.code == "page_unreachable"


def test_a_name_that_nobody_knows_is_tried_again(exporter: Exporter) -> None:
    with pytest.raises(Transient) as caught:
        exporter.export("a.png", url="http://no-such-host.invalid/")
    assert caught.value.code == "page_unreachable"


def test_a_download_is_no_page(exporter: Exporter, pages: Pages) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", url=pages.url("/download"))
    assert caught.value.code == "not_a_page"


@pytest.mark.parametrize(
    "html",
    [
        "<script>while (true);</script>",
        "<script>while (true) alert(1);</script>",
        "<script>onload = () => { while (true); }</script>",
        "<script>setTimeout(function again() { location.reload(); }, 0)</script>",
    ],
    ids=["loop", "alerts", "onload", "reload"],
)
def test_pages_that_never_end(own: Exporter, html: str) -> None:
    try:
        own.export("a.png", SHORT, html=html, size="1x1in", wait={"seconds": 1})
    except MillhandError as error:
        assert error.code in {"page_too_slow", "page_crashed"}  # noqa: PT017 - a page may also come through
    own.export("fine.png", html="<p>fine", size="1x1in", dpi=96)


def test_what_a_page_may_load_is_bounded(exporter: Exporter, pages: Pages) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", PageLimits(transfer=1 << 20), url=pages.url("/endless"))
    assert caught.value.code == "page_too_demanding"


def test_what_a_page_may_take_of_memory_is_bounded(own: Exporter) -> None:
    html = "<script>const kept = []; setInterval(() => kept.push(new Uint8Array(5e7).fill(1)), 10)</script>"
    with pytest.raises(MillhandError) as caught:
        own.export("a.png", PageLimits(seconds=30, memory=900 << 20), html=html, wait={"seconds": 20})
    assert caught.value.code in {"page_too_demanding", "page_crashed"}
    own.export("fine.png", html="<p>fine", size="1x1in", dpi=96)


def test_an_address_that_scripts_made_endless_is_cut(exporter: Exporter) -> None:
    html = "<script>history.pushState(0, '', '?' + 'x'.repeat(1.5e6))</script>"
    done = exporter.export("a.png", html=html, size="1x1in", dpi=96)
    assert (len(done.url), done.url[-9:]) == (2_000, "x" * 9)


def test_how_many_pixels_are_bounded(exporter: Exporter) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", PageLimits(pixels=1_000_000), html="<p>", size="A4")
    assert caught.value.code == "page_too_demanding"


@pytest.mark.parametrize("victim", ["renderer", "browser", "relay", "driver"])
def test_a_crash_ends_one_attempt(own: Exporter, pages: Pages, victim: str) -> None:
    started = f"/started-{victim}"
    url = pages.add("/crashes", f"<script>fetch('{started}')</script>")

    def crash() -> bool:
        if own.engine.browser_pid is None or not pages.asked(started):
            return False
        for process in _processes(own.engine.browser_pid, victim):
            process.kill()
        return True

    with ThreadPoolExecutor(1) as threads:
        working = threads.submit(own.export, "a.png", url=url, wait={"seconds": 25})
        wait_until(crash, within=20, what="the page to be loaded")
        with pytest.raises(PageCrashed):
            working.result(20)
    own.export("fine.png", html="<p>fine", size="1x1in", dpi=96)


def _processes(browser_pid: int, role: str) -> list[psutil.Process]:
    browser = psutil.Process(browser_pid)
    if role == "renderer":
        return [each for each in browser.children(recursive=True) if "--type=renderer" in each.cmdline()]
    if role == "browser":
        return [browser]
    program = relay.__file__ if role == "relay" else "run-driver"
    return [each for each in browser.parents() if program in each.cmdline()]


def test_a_browser_is_replaced_after_so_many_pages(tmp_path: Path) -> None:
    engine = Chromium(ChromiumSettings(recycle_pages=2))
    try:
        exporter = Exporter(engine, tmp_path)
        pids: list[int | None] = []
        for number in range(4):
            exporter.export(f"{number}.png", html="<p>", size="1x1in", dpi=96)
            pids.append(engine.browser_pid)
    finally:
        engine.close()
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert not any(psutil.pid_exists(pid) for pid in pids if pid)


def test_a_cancelled_export_stops_soon(own: Exporter, pages: Pages) -> None:
    url = pages.add("/cancelled", "<script>fetch('/waiting')</script>")
    args = ExportPage(url=url, target="memory://a/a.png", wait=WaitOptions(seconds=30))
    with pytest.raises(JobCancelled):
        own.engine.export(order_of(args, url), own.path("a.png"), PageLimits(), lambda: bool(pages.asked("/waiting")))


def test_secrets_stay_with_the_pages_own_origin(exporter: Exporter, pages: Pages) -> None:
    with serving() as other:
        other.add("/pixel", "x")
        engine = Chromium(ChromiumSettings(allowed_hosts=frozenset({pages.host, other.host})))
        try:
            exporter.engine = engine
            pages.add("/private", f"<img src={other.url('/pixel')}><img src=/away>")
            pages.add("/away", "")
            exporter.export(
                "a.png",
                url=pages.url("/private"),
                size="1x1in",
                headers={"Authorization": "Bearer s3cret"},
                cookies=[{"name": "session", "value": "c00kie"}],
            )
        finally:
            engine.close()
        (own,), (foreign,) = pages.asked("/private"), other.asked("/pixel")
    assert own["Authorization"] == "Bearer s3cret"
    assert own["Cookie"] == "session=c00kie"
    assert "Authorization" not in foreign
    assert pages.asked("/away")[0]["Authorization"] == "Bearer s3cret"


def test_secrets_do_not_follow_a_redirect_to_another_origin(exporter: Exporter, pages: Pages) -> None:
    with serving() as other:
        other.add("/landing", "<p>x")
        engine = Chromium(ChromiumSettings(allowed_hosts=frozenset({pages.host, other.host})))
        try:
            exporter.engine = engine
            url = pages.url(f"/redirect?to={other.url('/landing')}")
            exporter.export("a.png", url=url, size="1x1in", headers={"X-Key": "s3cret"})
        finally:
            engine.close()
        assert "X-Key" not in other.asked("/landing")[0]
