"""Server-sent events, as HTML's standard has them (section 9.2, "Server-sent events")."""

import json
from collections.abc import AsyncIterator

from starlette.responses import StreamingResponse

MEDIA_TYPE = "text/event-stream"
HEARTBEAT = ": \n\n"
"""A comment, which keeps the connection alive through proxies, and shows whether the client is still there."""

EVERY = 15.0
"""Seconds between heartbeats."""


def message(event: str, data: object, identity: str = "") -> str:
    """One event; JSON has no line breaks of its own, so it is one line of data."""
    head = f"id: {identity}\n" if identity else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n"


def stream(messages: AsyncIterator[str]) -> StreamingResponse:
    """The answer that sends them as they come."""
    # The second header keeps nginx from holding them back.
    return StreamingResponse(messages, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})
