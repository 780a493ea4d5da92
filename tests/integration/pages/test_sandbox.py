"""Chromium's own sandbox, for a user that is not root."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import psutil
import pytest

from millhand.core.errors import EngineFailed, JobCancelled
from millhand.engines.chromium import install
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.site import of_html
from millhand.engines.chromium.values import ChromiumSettings, PageLimits
from millhand.handlers.pages.args import ExportPage
from millhand.handlers.pages.options import WaitOptions
from millhand.handlers.pages.order import order_of
from tests.integration.pages.support import Exporter
from tests.support import wait_until

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.skipif(os.name == "nt", reason="root is of POSIX")]

_NOBODY = 65_534
_FILTERED = "2"  # /proc/pid/status, Seccomp: a filter is in force


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | None]:
    """A Chromium that gives up being root; None where we are not."""
    if os.geteuid() != 0:
        yield None
        return
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    # Outside of the tests' own folder, which only root may enter.
    folder = Path("/tmp") / tmp_path_factory.mktemp("sandbox").name  # noqa: S108 - made for this, and removed
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "profile").mkdir(parents=True)
    folder.chmod(0o755)
    os.chown(folder / "profile", _NOBODY, _NOBODY)
    script = folder / "chromium"
    script.write_text(
        f"#!/bin/sh\nexport HOME={folder}/profile\nexec setpriv --reuid={_NOBODY} --regid={_NOBODY} --clear-groups"
        f' --inh-caps=-all "{install.find()}" "$@" --user-data-dir={folder}/profile\n'
    )
    script.chmod(0o755)
    yield script
    shutil.rmtree(folder)


def test_pages_are_confined_by_it(program: Path | None, tmp_path: Path) -> None:
    if program is None and install.sandbox_obstacle():
        pytest.skip(install.sandbox_obstacle())
    engine = Chromium(ChromiumSettings(executable=program, sandbox="on"))
    args = ExportPage(html="<p>x", target="memory://a/a.png", size="1x1in", dpi=96, wait=WaitOptions(seconds=60))
    order = order_of(args, of_html(args.html))
    seen = Event()
    try:
        with ThreadPoolExecutor(1) as threads:
            working = threads.submit(engine.export, order, tmp_path / "a.png", PageLimits(), seen.is_set)
            try:
                wait_until(lambda: _confined(engine.browser_pid), within=20, what="a confined page")
            finally:
                seen.set()
            assert isinstance(working.exception(20), JobCancelled)
    finally:
        engine.close()


def _confined(browser: int | None) -> bool:
    """Whether a page's process runs that can make but few system calls, in namespaces of its own, and not as root."""
    if browser is None:
        return False
    with contextlib.suppress(psutil.Error, OSError):  # processes come and go while it starts
        for process in psutil.Process(browser).children(recursive=True):
            if "--type=renderer" not in process.cmdline():
                continue
            status = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
            told = {name: value.strip() for name, _, value in (line.partition(":") for line in status.splitlines())}
            apart = Path(f"/proc/{process.pid}/ns/pid").readlink() != Path("/proc/self/ns/pid").readlink()
            return told["Seccomp"] == _FILTERED and apart and process.uids().real != 0
    return False


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root is refused")
def test_as_root_it_says_what_to_do(tmp_path: Path) -> None:
    engine = Chromium(ChromiumSettings(sandbox="on"))
    try:
        with pytest.raises(EngineFailed) as caught:
            Exporter(engine, tmp_path).export("a.png", html="<p>")
    finally:
        engine.close()
    assert "chromium.sandbox" in caught.value.hint
