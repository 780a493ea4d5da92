"""A web site of our own making, such as inline HTML or an uploaded bundle: shown under a made-up host, from memory."""

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

HOST = "page.localhost"
"""Never resolved: the gate itself answers for it. Browsers count names under `localhost` as secure contexts."""

INDEX = "index.html"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Site:
    """Files by their paths, without a leading slash. `read` gives back None for a path that is not there."""

    read: Callable[[str], bytes | None]
    start: str = INDEX

    @property
    def url(self) -> str:
        """Where the browser finds its first page."""
        return f"http://{HOST}/{self.start}"


def of_html(html: str) -> Site:
    """A site of one page."""
    content = html.encode()
    return Site(lambda path: content if path == INDEX else None)


def answer(site: Site, target: str) -> tuple[int, str, bytes]:
    """The status, media type and content for a request's URL or path."""
    path = unquote(urlsplit(target).path).lstrip("/") or site.start
    content = site.read(path)
    if content is None:
        return 404, "text/plain", b"There is no such file in the bundle."
    return 200, media_type(path), content


def media_type(path: str) -> str:
    """What a file is, by its name; texts are UTF-8 unless they say otherwise themselves."""
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    return _HTML if kind == "text/html" else kind
