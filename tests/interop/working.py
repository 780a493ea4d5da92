"""A worker of ours in a process of its own, to be killed: `python -m tests.interop.working URL QUEUE NAME`."""

import asyncio
import contextlib
import json
import sys

from millhand.core.errors import BrokerUnavailable
from tests.interop.conftest import open_broker
from tests.interop.endings import completed

_LEASE = 1.0


async def work(url: str, queue: str, name: str) -> None:
    """Work until killed: each job takes as many milliseconds as its data says."""
    async with open_broker(url, (queue,), name, _LEASE) as broker:
        while True:
            with contextlib.suppress(BrokerUnavailable):
                await broker.rescue()
                for delivery in await broker.receive(3, 0.3):
                    await asyncio.sleep(json.loads(delivery.args)["node"]["sleep"] / 1000)
                    await broker.extend([delivery], _LEASE)
                    await broker.settle([completed(delivery, json.dumps({"by": name}))])


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
