"""Finding the installed Chromium, and how it must be started on this machine."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from millhand.core.errors import EngineMissing

# The headless shell starts three times as fast as the whole browser, from the same code.
_NAMES = (
    "chromium-headless-shell",
    "chrome-headless-shell",
    "headless_shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "msedge",
)
_PLACES = (
    "/usr/lib/chromium/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
# Playwright's own, which ours would take the place of: what a mouse is told by media queries.
_POINTERS = "primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at, never written to
"""Where Chromium's processes share pictures, on Linux."""
ENOUGH_SHARED_MEMORY = 512 << 20
"""Bytes; containers get 64 MiB unless told otherwise, and a browser that runs out of it crashes."""

_VERSION = re.compile(r"\d+\.\d+\.\d+\.\d+")  # the four parts that every Chromium has
_VERSION_SECONDS = 20.0
_MOST_WORDS = 300  # characters
_SANDBOX_HELPERS = (Path("/usr/lib/chromium/chrome-sandbox"), Path("/opt/google/chrome/chrome-sandbox"))
_NAMESPACES_CLOSED = {
    Path("/proc/sys/user/max_user_namespaces"): "0",
    Path("/proc/sys/kernel/unprivileged_userns_clone"): "0",
    Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"): "1",
}


def find(preferred: Path | None = None) -> Path:
    """The Chromium to use: `preferred`, or the first of the known names; raises EngineMissing with the package."""
    if preferred is not None:
        if preferred.is_file():
            return preferred
        raise _missing(f"There is no Chromium at {preferred}.")
    on_path = (shutil.which(name) for name in _NAMES)
    fixed = (place for place in _PLACES if Path(place).is_file())
    found = next((place for place in (*on_path, *fixed) if place), None)
    if found is None:
        raise _missing("Chromium was not found on this machine.")
    return Path(found)


def require_playwright() -> None:
    """Raise `EngineMissing`, naming the extra, where Playwright is not installed."""
    try:
        importlib.import_module("playwright.async_api")
    except ImportError as error:
        raise EngineMissing(
            "Exporting pages needs Playwright, which is not installed.",
            code="playwright_missing",
            hint="Install it with the extra: pip install 'millhand[pages]'.",
        ) from error


def require_driver() -> None:
    """Raise `EngineMissing`, with what is lacking, where the Node.js that Playwright brings along does not run."""
    require_playwright()
    node = importlib.import_module("playwright._impl._driver").compute_driver_executable()[0]
    try:
        done = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=False, timeout=_VERSION_SECONDS
        )
        why = "" if done.returncode == 0 else done.stderr.strip() or f"it ends with {done.returncode}"
    except (OSError, subprocess.TimeoutExpired) as error:
        why = str(error)
    if why:
        raise EngineMissing(
            f"Playwright's own Node.js does not run: {why[:_MOST_WORDS]}",
            code="playwright_unusable",
            hint="On Debian: apt-get install libatomic1.",
        )


def _missing(message: str) -> EngineMissing:
    return EngineMissing(
        message,
        code="chromium_missing",
        hint="On Debian: apt-get install chromium chromium-headless-shell. Or set chromium.executable.",
    )


@dataclass(frozen=True)
class Program:
    """An installed Chromium. A `shell` is the headless shell: the same code without a window, which starts sooner."""

    path: Path
    version: str
    shell: bool


def program(preferred: Path | None = None) -> Program:
    """The Chromium that is used, asked for its version; raises `EngineMissing` if there is none that starts."""
    path = find(preferred)
    try:
        asked = subprocess.run(
            [path, "--version"], capture_output=True, text=True, check=False, timeout=_VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _missing(f"{path} does not start: {error}") from error
    found = _VERSION.search(asked.stdout)
    if found is None:
        raise _missing(f"{path} is no Chromium that starts: {(asked.stderr or asked.stdout).strip()[:200]}")
    return Program(path, found[0], "headless" in path.name)


def may_be_sandboxed() -> bool:
    """Whether Chromium's own sandbox can work for this user: it refuses to start as root."""
    return sys.platform == "win32" or os.geteuid() != 0


def sandbox_obstacle() -> str:
    """Why Chromium's own sandbox can't work for this user, as far as the system tells; empty if it can."""
    if not may_be_sandboxed():
        return "root can't be confined by it"
    if sys.platform != "linux" or any(helper.is_file() for helper in _SANDBOX_HELPERS):
        return ""
    closed = next((path for path, value in _NAMESPACES_CLOSED.items() if _first_line(path) == value), None)
    return "" if closed is None else f"{closed} forbids the user namespaces that it needs"


def shared_memory() -> int | None:
    """The size in bytes of the file system through which Chromium's processes share pictures; None if there is none."""
    try:
        return shutil.disk_usage(SHARED_MEMORY).total
    except OSError:
        return None


def arguments() -> list[str]:
    """The switches that every page needs, beside those of Playwright."""
    return [
        "--force-color-profile=srgb",
        "--font-render-hinting=none",
        "--num-raster-threads=2",
        "--hide-scrollbars",
        # Wider tiles than on a screen: fewer to draw and to put together, and little of them outside of a strip.
        "--default-tile-width=4096",
        "--default-tile-height=256",
        # Large images would be left out of a picture, to be shown when they are decoded.
        "--disable-checker-imaging",
        "--block-new-web-contents",
        f"--blink-settings={_POINTERS},imageAnimationPolicy=2",
        # Nothing may go round the proxy: no UDP, and no names resolved by the browser itself.
        "--disable-quic",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ]


def unwanted_arguments() -> list[str]:
    """The switches of Playwright that are left out: it always has Chromium's processes share pictures through files."""
    size = shared_memory()
    return ["--disable-dev-shm-usage"] if size is not None and size >= ENOUGH_SHARED_MEMORY else []


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
