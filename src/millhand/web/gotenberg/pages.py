"""The fields of the Chromium routes, as arguments of `page.export`."""

import json
import re
from typing import TYPE_CHECKING, Any, cast

from millhand.web.gotenberg.fields import Fields, invalid
from millhand.web.gotenberg.refused import AFTERWARDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_LENGTH = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(in|pt|px|mm|cm|pc)?")
_COOKIE = ("name", "value", "domain", "path")
_ENCRYPTION = "PDFs of pages are not encrypted"
_ARCHIVES = "Chromium makes no PDF/A; for readers who can't see there is generateTaggedPdf"
_ALL_BAD = [499, 599]  # Gotenberg's shorthand for all of 400 to 499, and of 500 to 599
_SIDES = ("top", "right", "bottom", "left")
_REFUSED = {
    **AFTERWARDS,
    "pdfa": _ARCHIVES,
    "pdfua": _ARCHIVES,
    "userPassword": _ENCRYPTION,
    "ownerPassword": _ENCRYPTION,
    "userAgent": "the browser says what it is",
    "failOnConsoleExceptions": "what a page writes to its console is not looked at",
    "ignoreResourceHttpStatusDomains": "parts of a page count wherever they come from",
}


def pdf_of(fields: Fields, header: str, footer: str) -> dict[str, Any]:
    """The arguments for a PDF, with Gotenberg's defaults; raises `Refused` (400)."""
    fields.refuse({**_REFUSED, "omitBackground": "a PDF has no background but what the page paints"})
    sides = [_length(fields, "paperWidth", "8.5"), _length(fields, "paperHeight", "11")]
    if fields.flag("landscape"):
        sides.reverse()
    return {
        **_page_of(fields),
        "format": "pdf",
        "size": " x ".join(sides),
        "full_page": fields.flag("singlePage"),
        "pdf": {
            "margins": {side: _length(fields, f"margin{side.title()}", "0.39") for side in _SIDES},
            "page_ranges": fields.text("nativePageRanges"),
            "background": fields.flag("printBackground"),
            "header": header,
            "footer": footer,
            "scale": fields.number("scale", 1.0),
            "css_page_size": fields.flag("preferCssPageSize"),
            "tagged": fields.flag("generateTaggedPdf"),
            "outline": fields.flag("generateDocumentOutline"),
        },
    }


def screenshot_of(fields: Fields) -> dict[str, Any]:
    """The arguments for a picture, with Gotenberg's defaults; raises `Refused` (400)."""
    fields.refuse(_REFUSED)
    width, height = fields.whole("width", 1, 20_000) or 800, fields.whole("height", 1, 20_000) or 600
    quality = fields.whole("quality", 0, 100)
    return {
        **_page_of(fields),
        "format": fields.choice("format", ("png", "jpeg", "webp"), "png"),
        "size": f"{width}px x {height}px",
        "full_page": not fields.flag("clip"),
        "device_scale": fields.number("deviceScaleFactor", 1.0),
        "picture": {
            "element": fields.text("selector"),
            "quality": 100 if quality is None else max(quality, 1),
            "transparent": fields.flag("omitBackground"),
        },
    }


def _page_of(fields: Fields) -> dict[str, Any]:
    return {
        "wait": {
            "network_idle": not (
                fields.flag("skipNetworkIdleEvent", default=True)
                and fields.flag("skipNetworkAlmostIdleEvent", default=True)
            ),
            "selector": fields.text("waitForSelector"),
            "expression": _expression(fields),
            "seconds": fields.seconds("waitDelay"),
        },
        "view": _view(fields),
        "cookies": [_cookie(each) for each in fields.json("cookies", list)],
        "headers": _headers(fields),
        "strict": _strict(fields),
    }


def _expression(fields: Fields) -> str:
    status, expression = fields.text("waitWindowStatus"), fields.text("waitForExpression")
    if not status:
        return expression
    reached = f"window.status === {json.dumps(status)}"
    return f"({expression}) && {reached}" if expression else reached


def _view(fields: Fields) -> dict[str, Any]:
    dark = False
    for feature in fields.json("emulatedMediaFeatures", list):
        if feature not in ({"name": "prefers-color-scheme", "value": each} for each in ("dark", "light")):
            raise invalid("form field 'emulatedMediaFeatures' can be prefers-color-scheme dark or light here")
        dark = feature["value"] == "dark"
    return {"media": fields.choice("emulatedMediaType", ("screen", "print", ""), "") or None, "dark": dark}


def _cookie(given: object) -> dict[str, str]:
    """A cookie that may be limited by domain and path; raises `Refused` (400) where it shall be limited further."""
    if not isinstance(given, dict):
        raise invalid("form field 'cookies' is invalid (expected a JSON array of objects)")
    told = cast("Mapping[str, object]", given)
    if further := [name for name, value in told.items() if name not in _COOKIE and value]:
        raise invalid(f"form field 'cookies' can't be limited by {', '.join(sorted(further))[:200]} here")
    return {name: str(told[name]) for name in _COOKIE if told.get(name)} | {"value": str(told.get("value") or "")}


def _headers(fields: Fields) -> dict[str, str]:
    given = fields.json("extraHttpHeaders", dict)
    headers = {str(name): str(value) for name, value in given.items()}
    if any(";scope=" in value.replace(" ", "") for value in headers.values()):
        raise invalid("form field 'extraHttpHeaders' can't have a scope here: headers go to the page's own origin")
    return headers


def _strict(fields: Fields) -> bool:
    """Whether a missing part fails the whole; all bad statuses count, or none does."""
    if fields.text("failOnHttpStatusCodes") and fields.json("failOnHttpStatusCodes", list) != _ALL_BAD:
        raise invalid("form field 'failOnHttpStatusCodes' can only be [499,599] here: every error page fails")
    parts = fields.json("failOnResourceHttpStatusCodes", list)
    if parts not in ([], _ALL_BAD):
        raise invalid("form field 'failOnResourceHttpStatusCodes' can be [] or [499,599] here")
    return bool(parts) or fields.flag("failOnResourceLoadingFailed")


def _length(fields: Fields, name: str, default: str) -> str:
    """A length with its unit; inches if none is given. A pica is twelve points."""
    found = _LENGTH.fullmatch(fields.text(name, default).strip())
    if found is None:
        raise invalid(f"form field '{name}' is invalid (expected a length such as 8.5, 21cm or 210mm)")
    number, unit = found[1].rstrip("."), found[2] or "in"
    return f"{float(number) * 12:g}pt" if unit == "pc" else f"{number}{unit}"
