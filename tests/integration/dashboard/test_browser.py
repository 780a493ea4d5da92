"""The pages in a real browser: live, by keys, without barriers, and within their policy."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.integration.dashboard.conftest import AXE
from tests.integration.web.conftest import Served
from tests.support import skip_or_fail, wait_until

PATHS = (
    "/",
    "/jobs",
    "/jobs/{failed}",
    "/failures",
    "/queues",
    "/workers",
    "/schedules",
    "/artefacts",
    "/system",
    "/new/note.write",
    "/jobs/all/cancel?q=queue:notes",
)


@contextmanager
def opened(browser: Browser, shown: Served, path: str, **options: Any) -> Iterator[Page]:  # noqa: ANN401 - Playwright's
    """A page, which must say nothing on its console."""
    context = browser.new_context(base_url=f"http://127.0.0.1:{shown.port}", **options)
    try:
        page = context.new_page()
        said: list[str] = []

        def listen(message: ConsoleMessage) -> None:
            said.append(message.text)

        page.on("console", listen)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.format(**shown.jobs))
        yield page
        assert said == []
    finally:
        context.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_there_are_no_barriers_and_nothing_sticks_out(
    browser: Browser, shown: Served, scheme: Literal["light", "dark"], path: str
) -> None:
    if not AXE.exists():
        skip_or_fail("axe-core is not installed: scripts/node-packages tests/integration/dashboard/node")
    found: list[str] = []
    with opened(browser, shown, path, color_scheme=scheme) as page:
        page.evaluate(AXE.read_text())
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            report = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
            found += [f"{width}: {one['id']} {one['nodes'][0]['html'][:120]}" for one in report["violations"]]
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{width}: wider than the window")
    assert found == []


def test_a_list_is_live_and_keeps_focus_and_scroll(browser: Browser, shown: Served) -> None:
    with opened(browser, shown, "/jobs?q=queue:live") as page:
        page.locator("#live[data-how=live]").wait_for()
        page.locator(".side nav a").nth(2).focus()
        job = shown.send("note.write", {"text": "x"}, queue="live")
        page.locator(f"#job-{job['id']} .state.completed").wait_for(timeout=8_000)
        assert page.evaluate("document.activeElement.textContent") == "Failures"


def test_paused_means_paused(browser: Browser, shown: Served) -> None:
    with opened(browser, shown, "/jobs?q=queue:quiet") as page:
        page.locator("#live[data-how=live]").wait_for()
        page.keyboard.press("r")
        page.locator("#live[data-how=paused]").wait_for()
        job = shown.send("note.write", {"text": "x"}, queue="quiet")
        page.locator("#live .word", has_text="new").wait_for(timeout=8_000)
        assert page.locator(f"#job-{job['id']}").count() == 0
        page.keyboard.press("r")
        page.locator(f"#job-{job['id']}").wait_for(timeout=8_000)


def test_a_chosen_row_is_not_lost_to_an_update(browser: Browser, shown: Served) -> None:
    first = shown.send("note.write", {"text": "x"}, queue="picky")
    with opened(browser, shown, "/jobs?q=queue:picky") as page:
        page.locator("#live[data-how=live]").wait_for()
        page.locator(f"#job-{first['id']} input").check()
        assert page.locator("#chosen").text_content() == "With the 1 chosen:"
        shown.send("note.write", {"text": "y"}, queue="picky")
        page.locator("#live .word", has_text="live").wait_for()
        assert page.locator(f"#job-{first['id']} input").is_checked()


def test_a_worker_is_seen_to_rest_and_to_work_again(browser: Browser, shown: Served) -> None:
    with opened(browser, shown, "/workers", viewport={"width": 390, "height": 900}) as page:
        page.locator("#live[data-how=live]").wait_for()
        page.get_by_role("button", name="Quiet").click()
        try:
            page.locator("#content .state.available", has_text="quiet").wait_for(timeout=8_000)
            page.locator("details.more summary").first.click()
            assert page.get_by_role("button", name="Stop").is_visible()
            if AXE.exists():
                page.evaluate(AXE.read_text())
                report = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})")
                assert [one["nodes"][0]["html"] for one in report["violations"]] == []
        finally:
            page.get_by_role("button", name="Resume").click()
        page.locator("#content .state.completed", has_text="working").wait_for(timeout=8_000)


def test_the_chart_is_read_by_keys_and_is_renewed_in_place(browser: Browser, shown: Served) -> None:
    with opened(browser, shown, "/") as page:
        page.locator("#live[data-how=live]").wait_for()
        plot, reading = page.locator("#plot"), page.locator("#plot output")

        def completed() -> int:
            return int((reading.text_content() or "").partition("60 min: ")[2].partition(" completed")[0])

        assert not page.locator("#chart").is_visible()
        before, canvas = completed(), page.locator("#plot canvas").element_handle()
        shown.send("note.write", {"text": "x"})
        wait_until(lambda: completed() > before)
        plot.focus()
        for key in ("End", "ArrowLeft", "ArrowRight"):
            page.keyboard.press(key)
        assert re.search(r"\d:\d\d.*: [1-9]\d* completed, \d+ cancelled, \d+ discarded", reading.text_content() or "")
        page.keyboard.press("Escape")
        light = canvas.evaluate("canvas => canvas.toDataURL()")
        page.keyboard.press("t")
        wait_until(lambda: canvas.evaluate("canvas => canvas.isConnected && canvas.toDataURL()") not in (light, False))
        page.keyboard.press("r")
        said = reading.text_content()
        shown.send("note.write", {"text": "x"})
        page.locator("#live .word", has_text="new").wait_for(timeout=8_000)
        assert reading.text_content() == said
    with opened(browser, shown, "/", java_script_enabled=False) as page:
        assert page.locator("#chart path").first.is_visible()
        assert not page.locator("#plot").is_visible()


@pytest.mark.parametrize(("path", "reading"), [("/queues", "60 min: "), ("/failures", "24 h: ")])
def test_a_chart_that_is_folded_away_is_drawn_when_it_is_opened(
    browser: Browser, shown: Served, path: str, reading: str
) -> None:
    failing = {"reason": "no <b>ink</b>"}
    shown.send("note.fail", failing, queue="folded")
    group = shown.ask("GET", "/v1/failures").json["items"][0]
    name = "hour-folded" if path == "/queues" else f"day-{group['kind']}-{group['fingerprint']}"
    with opened(browser, shown, path) as page:
        fold = page.locator(f"details[id='{name}']")
        said = fold.locator("output")
        assert fold.locator("canvas").count() == 0
        fold.locator("summary").click()
        fold.locator("canvas").wait_for()

        def discarded() -> int:
            told = re.fullmatch(rf"{reading}.*?(\d+) discarded", said.text_content() or "")
            return int(told[1]) if told else 0

        before = discarded()
        assert before > 0
        fold.locator(".plot").focus()
        page.keyboard.press("End")
        assert re.search(r"^\d.*:\d\d.*: .*\d discarded", said.text_content() or "")
        page.keyboard.press("Escape")
        shown.send("note.fail", failing, queue="folded")
        wait_until(lambda: discarded() > before)
        assert fold.locator("canvas").is_visible()
    with opened(browser, shown, path, java_script_enabled=False) as page:
        fold = page.locator(f"details[id='{name}']")
        fold.locator("summary").click()
        assert fold.locator(".chart path").first.is_visible()
        assert not fold.locator(".plot").is_visible()


def test_keys_move_open_and_go(browser: Browser, shown: Served) -> None:
    with opened(browser, shown, "/jobs?q=kind:note.fail") as page:
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        page.keyboard.press("Escape")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/jobs/*-*")
        page.keyboard.press("g")
        page.keyboard.press("q")
        page.wait_for_url("**/queues")
        page.keyboard.press("t")
        assert page.evaluate("document.documentElement.dataset.theme") in ("dark", "light")
        page.keyboard.press("?")
        page.locator("#keys[open]").wait_for()


def test_without_scripts_a_job_is_cancelled_by_its_button(browser: Browser, shown: Served) -> None:
    job = shown.send("note.write", {"text": "x"}, wait=0, delay=3600)
    with opened(browser, shown, f"/jobs/{job['id']}", java_script_enabled=False) as page:
        page.get_by_role("button", name="Cancel").click()
        assert "It is cancelled." in (page.locator(".said").text_content() or "")


def test_a_job_is_sent_by_its_form_with_a_file(browser: Browser, shown: Served) -> None:
    with opened(browser, shown, "/new/note.write") as page:
        file = {"name": "letter.txt", "mimeType": "text/plain", "buffer": b"dear all"}
        page.locator("input[type=file]").set_input_files(file)  # pyright: ignore[reportArgumentType] - a file's payload
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**/jobs/*-*")
        page.locator("h1 .state.completed").wait_for(timeout=8_000)
        assert '"length": 8' in (page.locator("pre[aria-label=Result]").text_content() or "")
