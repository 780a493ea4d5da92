"""The files of a run on a bucket: put there by somebody who knows nothing of millhand, and what must become of them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from itertools import count

from millhand.core.errors import BlobFailed
from millhand.stores import Bucket

KIND = "chaos.copy"
ROUTE = "files/{name}.txt->chaos.copy->made/{name}.out"
_EVERY = 0.4
_IN_A_HURRY = 0.1
_BEFORE_ANOTHER_TRY = 0.2


def output_of(key: str) -> str:
    """Where what is made of a file goes."""
    return key.replace("files/", "made/").replace(".txt", ".out")


def made_of(content: bytes) -> bytes:
    """What is to be made of a file."""
    return content.upper() * 2


class Files:
    """Puts a file every so often, or at once when somebody waits for one; `put` are those that the store confirmed."""

    def __init__(self, bucket: Bucket) -> None:
        self.put: dict[str, bytes] = {}
        self._bucket = bucket
        self._wanted = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._feed(), name="files")

    def hurry(self) -> None:
        """Put the next one now."""
        self._wanted.set()

    async def stop(self) -> None:
        """Put no more. Calling it twice is harmless."""
        task, self._task = self._task, None
        if task is not None:
            self._stopping = True
            self._wanted.set()
            await task

    async def _feed(self) -> None:
        for number in count(1):
            if self._stopping:
                return
            await self._put(f"files/{number:04}.txt", f"file {number} of the chaos\n".encode() * 50)
            await asyncio.sleep(_IN_A_HURRY)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), _EVERY)
            self._wanted.clear()

    async def _put(self, key: str, content: bytes) -> None:
        """Put one for certain: where the answer is lost, look what became of it before putting it again."""
        while not await self._is_there(key):
            try:
                await self._bucket.put(key, content)
            except BlobFailed:
                await asyncio.sleep(_BEFORE_ANOTHER_TRY)
            else:
                break
        self.put[key] = content

    async def _is_there(self, key: str) -> bool:
        while True:
            try:
                return any([await self._bucket.find(name) for name in (key, output_of(key), f"failed/{key}")])
            except BlobFailed:
                await asyncio.sleep(_BEFORE_ANOTHER_TRY)


@asynccontextmanager
async def open_files(bucket: Bucket) -> AsyncGenerator[Files]:
    """Files that come while the block lasts, or until told to stop."""
    files = Files(bucket)
    files.start()
    try:
        yield files
    finally:
        await files.stop()
