"""The line to the browser that does not go through the driver: whatever becomes of it, pages are exported."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError

from millhand.engines.chromium import starting, wire
from millhand.engines.chromium.browser import RunningBrowser
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.values import ChromiumSettings
from millhand.engines.chromium.wire import WireSession
from tests.integration.pages.support import Exporter, cells

pytestmark = pytest.mark.needs("chromium")

STRIPS = ChromiumSettings(whole_pixels=200_000, strip_pixels=100_000)


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[RunningBrowser]:
    started = await starting.start(ChromiumSettings(), tmp_path)
    yield started
    await started.close()


async def session_of(running: RunningBrowser) -> WireSession:
    page = await running.browser.contexts[0].new_page()
    straight = await running.straight(await page.context.new_cdp_session(page))
    assert isinstance(straight, WireSession)
    return straight


async def test_answers_belong_to_their_questions(running: RunningBrowser) -> None:
    one, other = await session_of(running), await session_of(running)
    asked = [(each, number, "x" * 100_000 * (number % 2)) for number in range(8) for each in (one, other)]
    answers = await asyncio.gather(
        *(
            each.send("Runtime.evaluate", {"expression": f"'{number}' + {long!r}", "returnByValue": True})
            for each, number, long in asked
        )
    )
    values = [answer["result"]["value"] for answer in answers if isinstance(answer, dict)]
    assert values == [f"{number}{long}" for _, number, long in asked]


async def test_a_refusal_is_told_as_the_driver_tells_it(running: RunningBrowser) -> None:
    session = await session_of(running)
    with pytest.raises(PlaywrightError, match="wasn't found"):
        await session.send("No.suchMethod")


@pytest.mark.parametrize("how", ["the page is closed", "the browser is gone"])
async def test_a_question_ends_with_its_page(running: RunningBrowser, how: str) -> None:
    session = await session_of(running)
    endless = {"expression": "new Promise(() => 0)", "awaitPromise": True}
    waiting = asyncio.create_task(_asked(session, "Runtime.evaluate", endless))
    await session.send("Runtime.evaluate", {"expression": "1"})  # so that the one before was taken
    if how == "the page is closed":
        await running.browser.contexts[0].pages[-1].close()
    else:
        psutil.Process(running.pid).kill()
    async with asyncio.timeout(10):
        with pytest.raises(PlaywrightError, match="closed"):
            await waiting


async def _asked(session: WireSession, method: str, parameters: dict[str, object]) -> object:
    return await session.send(method, parameters)


async def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    running = await starting.start(ChromiumSettings(), tmp_path)
    relay = psutil.Process(running.pid).parent()
    await running.close()
    assert not running.place.exists()
    assert relay is None or not relay.is_running()


def test_a_folder_with_a_long_path_will_do(tmp_path: Path, exported: Callable[[Path], bytes]) -> None:
    folder = tmp_path / ("long-" * 30)
    folder.mkdir()
    assert exported(folder)


def test_pictures_are_the_same_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: Callable[[Path], bytes]
) -> None:
    with_it = exported(tmp_path)
    monkeypatch.setattr(wire.os, "access", lambda *_: False)  # as where files lost their modes
    assert exported(tmp_path) == with_it


@pytest.fixture
def exported() -> Callable[[Path], bytes]:
    """Exports a sheet in strips by a browser with its files in the folder; the pixels."""

    def export(folder: Path) -> bytes:
        engine = Chromium(STRIPS, folder)
        try:
            exporter = Exporter(engine, folder)
            done = exporter.export("a.png", html=cells(6, 6), size="6x6in", dpi=96)
            assert done.strips > 2
            return exporter.picture("a.png").tobytes()
        finally:
            engine.close()

    return export
