"""millhand works without Playwright; exporting a page then says which extra is missing."""

import subprocess
import sys

_PROGRAM = """
import sys
sys.modules["playwright"] = None
sys.modules["playwright.async_api"] = None
import asyncio
from millhand import App
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.export import pages
from millhand.handlers.pages.settings import PageSettings
from millhand.testing import InlineApp

async def main():
    app = App()
    app.include(pages(PageSettings()))
    async with InlineApp(app) as inline:
        ran = await inline.run(ExportPage(html="<p>", target="memory://out/a.png"))
    print(ran.failure.code, ran.failure.hint)

asyncio.run(main())
"""


def test_the_extra_is_named() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("playwright_missing"), done.stderr
    assert "millhand[pages]" in done.stdout
