"""The page that a job is rendered from: the address at the render server, with all that the page needs in it."""

import base64
import json
from typing import Any

from millhand.services.page_export.job import ExportMap

READY = "window.__RENDER_READY__"
FAILED = "window.__RENDER_ERROR__"

_ROTATION = (-20.0, -30.0, 0.0)


def render_url(base: str, job: ExportMap) -> str:
    """`{base}/render?data=…`, the map's definition as JSON in base64url.

    Text beyond ASCII is written as JSON escapes: pages that decode with `atob` alone, as Latin-1, read it right too.
    """
    text = json.dumps(definition_of(job), ensure_ascii=True, separators=(",", ":"))
    return f"{base}/render?data={base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def definition_of(job: ExportMap) -> dict[str, Any]:
    """The map's definition as the page reads it."""
    shown, printed = job.user_map_data, job.printable_map_data
    return {
        "title": shown.title or "Untitled Map",
        "subtitle": shown.subtitle or "",
        "people": shown.people,
        "rotation": [_plain(angle) for angle in printed.rotation or shown.rotation or _ROTATION],
    }


def _plain(number: float) -> float:
    """Whole numbers without a fraction, as JavaScript writes them."""
    return int(number) if number.is_integer() else number
