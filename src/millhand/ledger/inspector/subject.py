"""What a job works on, in a word or two for lists: the first text among its arguments that fits on a line."""

import json
import re
from urllib.parse import unquote, urlsplit

from millhand.core.redact import is_secret, redact_text

START = 1_000
"""How many characters of the arguments are looked at: lists read no more of them."""

_TEXT = re.compile(r'"([^"\\]+)":\s*"((?:[^"\\]|\\.)+)"')
_LONGEST_LINE = 300
_LONGEST_SHOWN = 80


def subject(args: str) -> str:
    """The subject by the beginning of a job's arguments, redacted; nothing if they hold no such text.

    Of a file's URL or path it is the name of the file, of a page's address that without the query.
    """
    for name, value in _TEXT.findall(args):
        text = str(json.loads(f'"{value}"', strict=False))
        if text.isprintable() and len(text) <= _LONGEST_LINE and not is_secret(name, text):
            return _cut(redact_text(_name(text)))
    return ""


def _name(text: str) -> str:
    try:
        parts = urlsplit(text)
    except ValueError:
        return text
    if parts.scheme in ("http", "https"):
        return f"{parts.hostname or ''}{parts.path.rstrip('/')}" or text
    if parts.scheme and "://" in text:
        return unquote(parts.path.rstrip("/").rpartition("/")[2]) or text
    return text


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"
