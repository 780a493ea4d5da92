"""Finding the installed Chromium, and how it must be started on this machine."""

import importlib
import os
import shutil
import sys
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
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - looked at, never written to
_ENOUGH_SHARED_MEMORY = 512 << 20  # bytes; containers get 64 MiB unless told otherwise


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


def _missing(message: str) -> EngineMissing:
    return EngineMissing(
        message,
        code="chromium_missing",
        hint="On Debian: apt-get install chromium chromium-headless-shell. Or set chromium.executable.",
    )


def may_be_sandboxed() -> bool:
    """Whether Chromium's own sandbox can work for this user: it refuses to start as root."""
    return sys.platform == "win32" or os.geteuid() != 0


def arguments() -> list[str]:
    """The switches that every page needs, beside those of Playwright."""
    switches = [
        "--force-color-profile=srgb",
        "--font-render-hinting=none",
        "--num-raster-threads=2",
        "--hide-scrollbars",
        # Larger tiles than on a screen: fewer of them to draw and to put together.
        "--default-tile-width=1024",
        "--default-tile-height=1024",
        # Large images would be left out of a picture, to be shown when they are decoded.
        "--disable-checker-imaging",
        "--block-new-web-contents",
        f"--blink-settings={_POINTERS},imageAnimationPolicy=2",
        # Nothing may go round the proxy: no UDP, and no names resolved by the browser itself.
        "--disable-quic",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    ]
    return [*switches, "--disable-dev-shm-usage"] if _shared_memory_is_small() else switches


def _shared_memory_is_small() -> bool:
    try:
        return shutil.disk_usage(_SHARED_MEMORY).total < _ENOUGH_SHARED_MEMORY
    except OSError:
        return False
