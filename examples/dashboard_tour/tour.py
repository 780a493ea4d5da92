"""Goes through the dashboard of `millhand up --demo` as a person would, and saves pictures of what it sees."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from millhand.engines.chromium import install

PATIENCE = 90_000
"""Milliseconds that any step may take; the first start of LibreOffice on a busy machine takes longest."""

_WIDE = {"width": 1280, "height": 820}
_LOW = {"width": 1280, "height": 420}
_NARROW = {"width": 390, "height": 820}
_DOCUMENTS = 19
_PLACE = re.compile(r"health +(http://\S+)/health ")


@contextmanager
def demonstration(folder: Path) -> Iterator[str]:
    """`millhand up --demo` in this folder; gives its address."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    command = [sys.executable, "-m", "millhand", "up", "--demo", "--executors", "1", "--http", "0"]
    with subprocess.Popen(command, cwd=folder, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None  # noqa: S101 - it was asked for
        try:
            place = next(match for line in process.stderr if (match := _PLACE.search(line.decode())))
            # What it says is not read on: a demonstration says less than a pipe holds.
            yield place[1]
        finally:
            process.terminate()


class Tour:
    """One visit, with pictures. `documents` are on their way when it begins; a PDF is drawn within `drawing` ms."""

    def __init__(
        self, page: Page, demo: Path, pictures: Path, *, documents: int = _DOCUMENTS, drawing: float = 2_000
    ) -> None:
        self._page = page
        self._demo = demo
        self._pictures = pictures
        self._documents = documents
        self._drawing = drawing
        page.set_default_timeout(PATIENCE)

    def go(self) -> None:
        """All of it."""
        self._see_documents_arrive()
        self._see_a_pdf()
        failed = self._see_a_failure()
        self._mend(failed)
        self._look_around()

    def _see_documents_arrive(self) -> None:
        self._page.goto("/jobs")
        self._page.locator(".tabs .count", has_text=re.compile(f"^{self._documents}$")).wait_for()
        self._save("dashboard-jobs")

    def _see_a_pdf(self) -> None:
        with self._page.expect_response(re.compile("/files/")):
            self._page.locator("td.job a").first.click()
        self._page.wait_for_timeout(self._drawing)  # the browser's viewer does not tell when it has drawn the page
        self._save("dashboard-job")

    def _see_a_failure(self) -> str:
        wrong = self._demo / "letter.docx"
        wrong.write_text("Dear Ann,\nthis is no Word document.\n")
        self._page.goto("/new/document.convert")
        self._page.get_by_label("Source required").fill(wrong.as_uri())
        self._page.get_by_label("Target").fill((self._demo / "pdf" / "letter.pdf").as_uri())
        self._page.get_by_role("button", name="Send").click()
        self._page.locator("h1 .state.discarded").wait_for()
        self._page.set_viewport_size(_LOW)  # pyright: ignore[reportArgumentType] - a size
        self._save("dashboard-failure")  # without the traceback, which has the folders of this machine
        self._page.set_viewport_size(_WIDE)  # pyright: ignore[reportArgumentType] - a size
        return self._page.url

    def _mend(self, failed: str) -> None:
        right = self._demo / "letter.txt"
        right.write_text("Dear Ann,\nthis is a text.\n")
        self._page.goto(failed)
        self._page.get_by_role("link", name="Run with changes").click()
        self._page.get_by_label("Source required").fill(right.as_uri())
        self._page.get_by_role("button", name="Send the changed job").click()
        self._page.locator("h1 .state.completed").wait_for()

    def _look_around(self) -> None:
        self._page.goto("/")
        self._page.locator("#plot canvas").wait_for()
        self._save("dashboard-overview")
        self._page.emulate_media(color_scheme="dark")
        self._save("dashboard-overview-dark")
        self._page.emulate_media(color_scheme="light")
        for name in ("failures", "queues", "workers"):
            self._page.goto(f"/{name}")
            self._save(f"dashboard-{name}")
        self._page.set_viewport_size(_NARROW)  # pyright: ignore[reportArgumentType] - a size
        self._page.goto("/jobs")
        self._save("dashboard-phone")

    def _save(self, name: str) -> None:
        self._page.screenshot(path=self._pictures / f"{name}.png")
        print(self._pictures / f"{name}.png")


def _browser() -> str:
    """A whole Chromium, which shows PDFs; without one the headless shell, which leaves their place empty."""
    return shutil.which("chromium") or str(install.find())


def main(pictures: Path) -> None:
    """Go through it."""
    pictures = pictures.absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    switches = [] if install.may_be_sandboxed() else ["--no-sandbox"]
    with (
        tempfile.TemporaryDirectory(prefix="millhand-tour-", ignore_cleanup_errors=True) as folder,
        demonstration(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=_browser(), args=switches)
        page = browser.new_page(base_url=address, viewport=_WIDE)  # pyright: ignore[reportArgumentType] - a size
        Tour(page, Path(folder) / "data" / "demo", pictures).go()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
