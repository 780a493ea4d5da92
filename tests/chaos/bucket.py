"""A bucket of a private S3 server as the place for jobs, files of others among them; each process has its own network.

Faults: the server crashes; a network stalls, refuses requests, dawdles, or cuts answers short; a dispatcher is killed
between two of the steps in which a file ends: write the output, verify it, delete the input, delete the lease. The
clocks of the dispatchers are up to five minutes wrong, each in its own direction.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random

from millhand.core.clock import SystemClock
from millhand.stores import s3_bucket
from millhand.testing.s3 import S3Server, s3_program, s3_server
from tests.chaos.app import SKEW
from tests.chaos.beds import Bed
from tests.chaos.blows import killed, strike_place
from tests.chaos.bucket_files import ROUTE, open_files
from tests.chaos.bucket_network import Exchange, StoreNetwork, network_to
from tests.chaos.bucket_records import BucketRecords
from tests.chaos.bucket_trap import Trap, remove_traps
from tests.chaos.faults import Hit, Striker
from tests.chaos.fleet import Dispatcher
from tests.chaos.plan import Fault, Strike
from tests.support import skip_or_fail

_FOLDER = "mill"
_OPTIONS = "poll=0.5&idle_poll=0.5&attempts=4&crashes=10"
_SKEWS = (120.0, 300.0)


class BucketBed:
    """A bucket, and the networks to it by the names of the processes."""

    def __init__(
        self,
        server: S3Server,
        bucket: str,
        networks: Mapping[str, StoreNetwork],
        records: BucketRecords,
        skews: Mapping[str, float],
    ) -> None:
        self.records = records
        self._server = server
        self._bucket = bucket
        self._networks = networks
        self._skews = skews
        self._down = False
        self._troubled: set[str] = set()
        self._trap: Trap | None = None

    def environment(self, who: str) -> Mapping[str, str]:
        """The bucket, at the near end of the process's own network; and how wrong its clock is."""
        return {
            "MILLHAND_BROKER": f"s3://{self._bucket}/{_FOLDER}?route={ROUTE}&{_OPTIONS}",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._networks[who].port}",
            "AWS_ACCESS_KEY_ID": self._server.access.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._server.access.secret_access_key,
            **({SKEW: str(self._skews[who])} if who in self._skews else {}),
        }

    def strikers(self, dispatchers: Sequence[Dispatcher]) -> Mapping[Fault, Striker]:
        """Faults of the server, of the networks, and between two steps of a dispatcher."""
        return {
            Fault.CRASH_SERVER: self._crash,
            Fault.STALL_NETWORK: self._stall,
            Fault.REFUSE: partial(self._trouble, "refusing"),
            Fault.DAWDLE: partial(self._trouble, "dawdling"),
            Fault.TRUNCATE: partial(self._trouble, "truncating"),
            Fault.KILL_AT_A_STEP: partial(self._kill_at_a_step, dispatchers),
        }

    async def finish(self) -> Sequence[str]:
        """There is nothing to end."""
        return ()

    async def _crash(self, strike: Strike) -> Hit | None:
        if self._down:
            return None
        self._down = True

        async def rest() -> None:
            await asyncio.to_thread(self._server.kill)
            await asyncio.sleep(strike.seconds)
            await asyncio.to_thread(self._server.start)
            self._down = False

        return Hit(f"killed, {strike.seconds} s", rest)

    async def _stall(self, strike: Strike) -> Hit | None:
        cut = strike.executor == 0

        def begin(network: StoreNetwork) -> None:
            network.flowing.clear()

        def end(network: StoreNetwork) -> None:
            if cut:
                network.cut()
            network.flowing.set()

        return self._between(begin, end, strike, f", then {'cut' if cut else 'on again'}")

    async def _trouble(self, what: str, strike: Strike) -> Hit | None:
        return self._between(
            lambda network: setattr(network, what, True), lambda network: setattr(network, what, False), strike, ""
        )

    def _between(
        self,
        begin: Callable[[StoreNetwork], None],
        end: Callable[[StoreNetwork], None],
        strike: Strike,
        words: str,
    ) -> Hit | None:
        """Have a trouble at work on the network of a dispatcher that has no other, for as long as the strike says."""
        who = f"dispatcher-{strike.dispatcher}"
        network = self._networks[who]
        if self._down or who in self._troubled or not network.connections:
            return None
        self._troubled.add(who)
        begin(network)

        async def rest() -> None:
            await asyncio.sleep(strike.seconds)
            end(network)
            self._troubled.discard(who)

        return Hit(f"{who}, {strike.seconds} s{words}", rest)

    async def _kill_at_a_step(self, dispatchers: Sequence[Dispatcher], strike: Strike) -> Hit | None:
        """Wait for whichever dispatcher takes the step first."""
        if self._trap is None:
            self._trap = Trap.of(strike, _FOLDER)
            self._trap.lay((one, self._networks[one.name]) for one in dispatchers)
        trap = self._trap
        if trap.caught is None:
            self.records.files.hurry()
            return None
        self._trap = None
        hit = strike_place(killed, trap.caught, strike)

        async def rest() -> None:
            felling = asyncio.ensure_future(hit.rest())
            await asyncio.sleep(0)  # now it is dead, and the next process needs its network
            remove_traps(self._networks.values())
            await felling

        return Hit(f"{hit.text}, {trap}", rest)


@asynccontextmanager
async def bucket_bed(folder: Path, names: Sequence[str], seed: int) -> AsyncGenerator[Bed]:
    """A server in the folder of the run, with a bucket that files come into."""
    program = s3_program()
    if program is None:
        skip_or_fail("SeaweedFS is not installed (scripts/setup dev)")
    log: list[Exchange] = []
    clock = SystemClock()
    with s3_server(folder / "server", program) as server:
        name = await asyncio.to_thread(server.fresh)
        bucket = s3_bucket(name, server.access, _FOLDER)
        async with AsyncExitStack() as stack:
            networks = {
                who: await stack.enter_async_context(network_to(server.ports["s3"], log, clock)) for who in names
            }
            files = await stack.enter_async_context(open_files(bucket))
            records = BucketRecords(bucket, _FOLDER, log, files)
            yield BucketBed(server, name, networks, records, _skews(names, seed))


def _skews(names: Sequence[str], seed: int) -> Mapping[str, float]:
    """By how many seconds the clocks of the dispatchers are wrong: one is ahead, the other behind."""
    chosen = Random(f"skews {seed}")  # noqa: S311 - a choice that the seed decides, not a secret
    signs = chosen.sample((-1, 1), 2)
    dispatchers = [name for name in names if name.startswith("dispatcher")]
    return {name: sign * chosen.uniform(*_SKEWS) for name, sign in zip(dispatchers, signs, strict=True)}
