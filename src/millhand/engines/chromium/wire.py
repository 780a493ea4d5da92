"""Our own line to the browser, beside that of Playwright's driver, for what is asked of a page's session.

The driver would parse a picture of many megabytes and write it anew, and its client would parse it again, which takes
a tenth of an export's time and a sixth of its memory. There is one where `relay.sh` can stand in for Chromium.
"""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast

from playwright.async_api import Error as PlaywrightError

from millhand.engines.chromium import relay

_RELAY = Path(relay.__file__).with_suffix(".sh")
_END = b"\0"  # of each message
_PIECE = 1 << 18
_LARGE = 1 << 16
_LONGEST = 1 << 28  # more than any picture has that is taken at once
_PICTURE = b',"result":{"data":"'
_DETACHED = "Target.detachedFromTarget"
_Answer = asyncio.Future[dict[str, Any]]


@dataclass(frozen=True)
class Program:
    """A program that Playwright's driver is to start as Chromium, and what it is told by its environment."""

    path: Path
    environment: Mapping[str, str]


class Wire(asyncio.BufferedProtocol):
    """The line to one browser. Its errors are Playwright's, like those of the driver's sessions."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._piece = bytearray(_PIECE)
        self._message = bytearray()
        self._numbers = count(relay.FIRST_NUMBER)
        self._asked: dict[int, tuple[str, _Answer]] = {}
        self._root = ""
        self._made = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def lay(self, place: Path, executable: Path) -> Program | None:
        """What to start instead of Chromium, with its socket in `place`, which then connects; None where it can't."""
        if sys.platform != "linux" or not os.access(_RELAY, os.X_OK):
            return None
        self._server = await asyncio.get_running_loop().create_unix_server(lambda: self, sock=_listener(place))
        told = {"PYTHON": sys.executable, "FOLDER": str(place), "CHROMIUM": str(executable)}
        return Program(_RELAY, {f"MILLHAND_RELAY_{name}": value for name, value in told.items()})

    async def connected(self) -> None:
        """Wait for the program that was started."""
        await self._made.wait()

    def close(self) -> None:
        """Let go of the line."""
        if self._server is not None:
            self._server.close()
        if self._transport is not None:
            self._transport.close()

    async def session(self, target: str) -> "WireSession":
        """A session of the page that is this target of the browser."""
        if not self._root:  # the driver takes every session for its own that is made in the browser's first one
            self._root = str((await self.ask("", "Target.attachToBrowserTarget"))["sessionId"])
        answer = await self.ask(self._root, "Target.attachToTarget", {"targetId": target, "flatten": True})
        return WireSession(self, str(answer["sessionId"]))

    async def ask(self, session: str, method: str, parameters: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call a method of a session, or of the browser itself; a large `data` of the answer is a view of bytes."""
        if self._transport is None or self._transport.is_closing():
            raise _closed()
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters or {}}
        answer: _Answer = asyncio.get_running_loop().create_future()
        self._asked[number] = (session, answer)
        self._transport.write(json.dumps(message | ({"sessionId": session} if session else {})).encode() + _END)
        try:
            return await answer
        finally:
            del self._asked[number]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the line, and no other."""
        if self._server is not None:
            self._server.close()
        self._made.set()
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all who wait."""
        del exc
        self._fail(set(self._asked))

    def get_buffer(self, sizehint: int) -> bytearray:
        """Where the next bytes go."""
        del sizehint
        return self._piece

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came, message by message."""
        came, start = memoryview(self._piece)[:nbytes], 0
        while (end := self._piece.find(_END, start, nbytes)) >= 0:
            message, self._message = self._message, bytearray()
            message += came[start:end]
            self._hear(message)
            start = end + 1
        self._message += came[start:]
        if len(self._message) > _LONGEST and self._transport is not None:
            self._transport.close()

    def _hear(self, message: bytearray) -> None:
        told = _parsed(message)
        asked = self._asked.get(told.get("id", 0))
        if asked is not None and not asked[1].done():
            if "error" in told:
                asked[1].set_exception(PlaywrightError(str(told["error"]["message"])))
            else:
                asked[1].set_result(told["result"])
        elif told.get("method") == _DETACHED:
            ended = told["params"]["sessionId"]
            self._fail({number for number, (session, _) in self._asked.items() if session == ended})

    def _fail(self, numbers: set[int]) -> None:
        for number in numbers:
            answer = self._asked[number][1]
            if not answer.done():
                answer.set_exception(_closed())


class WireSession:
    """A page's session on a wire."""

    def __init__(self, wire: Wire, name: str) -> None:
        self._wire = wire
        self._name = name

    async def send(self, method: str, params: dict[str, object] | None = None) -> object:
        """Call a method, as Playwright's own sessions do."""
        return await self._wire.ask(self._name, method, params)


def _parsed(message: bytearray) -> dict[str, Any]:
    """The message; a picture stays where it is, as it would take long to copy."""
    at = message.find(_PICTURE, 0, len(_PICTURE) + 20) if len(message) > _LARGE else -1
    if at < 0:
        return json.loads(message)
    start = at + len(_PICTURE)
    number = int(message[len(b'{"id":') : at])
    return {"id": number, "result": {"data": memoryview(message)[start : message.index(b'"', start)]}}


def _closed() -> PlaywrightError:
    return PlaywrightError("Target page, context or browser has been closed")  # in Playwright's own words


def _listener(place: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener.bind(relay.address(folder))
    finally:
        os.close(folder)
    return listener
