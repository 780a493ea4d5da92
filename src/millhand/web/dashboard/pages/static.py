"""`/static/…`: style, scripts and pictures; their addresses change with their content, so browsers keep them."""

import mimetypes
from functools import cache
from importlib import resources
from pathlib import PurePosixPath

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from millhand.web.dashboard.rendering import PACKAGE

_FOR_GOOD = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


async def _file(request: Request) -> Response:
    name = str(request.path_params["name"])
    if name not in _names():
        return PlainTextResponse("There is no such file.", 404)
    content = (resources.files(PACKAGE) / "static" / name).read_bytes()
    media_type = _TYPES.get(PurePosixPath(name).suffix) or mimetypes.guess_type(name)[0]
    kept = {"Cache-Control": _FOR_GOOD} if request.query_params.get("v") else {}
    return Response(content, media_type=media_type, headers=kept)


@cache
def _names() -> frozenset[str]:
    """The files that there are: nothing else is ever looked for on the disk."""
    static = resources.files(PACKAGE) / "static"
    found = {one.name for one in static.iterdir() if one.is_file()}
    return frozenset(found | {f"vendor/{one.name}" for one in (static / "vendor").iterdir()})


route = Route("/static/{name:path}", _file)
