"""A private PostgreSQL server as the place for jobs; each process reaches it through a network of its own.

Faults: the server is restarted or crashes, sessions are ended by an administrator, a network stalls and is cut.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from random import Random

import psycopg
import sqlalchemy as sa

from millhand.testing.postgres import PostgresServer, Stop, postgres_programs, postgres_server
from millhand.testing.proxy import Proxy, proxy_to
from tests.chaos.beds import Bed
from tests.chaos.evidence import Records, open_records
from tests.chaos.faults import Hit, Striker
from tests.chaos.fleet import Dispatcher
from tests.chaos.plan import Fault, Strike
from tests.support import skip_or_fail


class PostgresBed:
    """A database of a server, and the networks to it by the names of the processes."""

    def __init__(self, server: PostgresServer, url: str, networks: Mapping[str, Proxy], records: Records) -> None:
        self.records = records
        self._url = url
        self._server = server
        self._networks = networks
        self._down = False
        self._stalled: set[str] = set()

    def environment(self, who: str) -> Mapping[str, str]:
        """The database, at the near end of the process's own network."""
        return {"MILLHAND_DATABASE": self.url(who)}

    def url(self, who: str) -> str:
        """The database as that process sees it."""
        seen = sa.make_url(self._url).set(port=self._networks[who].port)
        return seen.render_as_string(hide_password=False)

    def strikers(self, dispatchers: Sequence[Dispatcher]) -> Mapping[Fault, Striker]:
        """Faults of the server and of the networks."""
        del dispatchers
        return {
            Fault.RESTART_SERVER: partial(self._fell, "fast"),
            Fault.CRASH_SERVER: partial(self._fell, "immediate"),
            Fault.END_SESSIONS: self._end_sessions,
            Fault.STALL_NETWORK: self._stall,
        }

    async def finish(self) -> Sequence[str]:
        """There is nothing to end."""
        return ()

    async def _fell(self, how: Stop, strike: Strike) -> Hit | None:
        if self._down:
            return None
        self._down = True

        async def rest() -> None:
            await _to_the_end(self._server.stop, how)
            await asyncio.sleep(strike.seconds)
            await _to_the_end(self._server.start)
            self._down = False

        return Hit(f"stopped {how}, {strike.seconds} s", rest)

    async def _end_sessions(self, strike: Strike) -> Hit | None:
        if self._down:
            return None
        ended = await asyncio.to_thread(self._end_half_of_the_sessions, strike)
        return Hit(f"{ended} sessions", _nothing) if ended else None

    def _end_half_of_the_sessions(self, strike: Strike) -> int:
        chosen = Random(strike.at)  # noqa: S311 - a choice that the seed decides, not a secret
        with psycopg.connect(self._url, autocommit=True) as connection:
            pids = [row[0] for row in connection.execute(_SESSIONS, [_JUDGE])]
            victims = chosen.sample(pids, -(-len(pids) // 2))
            ended = [connection.execute("SELECT pg_terminate_backend(%s)", [pid]).fetchone() for pid in victims]
        return sum(row == (True,) for row in ended)

    async def _stall(self, strike: Strike) -> Hit | None:
        who = f"dispatcher-{strike.dispatcher}"
        network = self._networks[who]
        if who in self._stalled or not network.connections:
            return None
        self._stalled.add(who)
        network.stall()

        async def rest() -> None:
            await asyncio.sleep(strike.seconds)
            if cut:
                network.cut()
            network.resume()
            self._stalled.discard(who)

        cut = strike.executor == 0
        return Hit(f"{who}, {strike.seconds} s, then {'cut' if cut else 'on again'}", rest)


_JUDGE = "judge"
_SESSIONS = """
SELECT pid FROM pg_stat_activity
WHERE backend_type = 'client backend' AND datname = current_database()
AND pid <> pg_backend_pid() AND application_name <> %s ORDER BY pid
"""


async def _to_the_end(do: Callable[..., None], *args: object) -> None:
    """Do something in a thread, which is waited for even if the run is broken off: it would go on all the same."""
    doing = asyncio.create_task(asyncio.to_thread(do, *args))
    try:
        await asyncio.shield(doing)
    except asyncio.CancelledError:
        await doing
        raise


async def _nothing() -> None:
    pass


@asynccontextmanager
async def postgres_bed(folder: Path, names: Sequence[str], seed: int) -> AsyncGenerator[Bed]:
    """A server in the folder of the run, with the schema of this version."""
    del seed
    async with open_server(folder) as server, open_networks(server, names) as networks:
        url = await asyncio.to_thread(server.fresh)
        async with open_records(f"{url}?application_name={_JUDGE}") as records:
            yield PostgresBed(server, url, networks, records)


@asynccontextmanager
async def open_networks(server: PostgresServer, names: Sequence[str]) -> AsyncGenerator[Mapping[str, Proxy]]:
    """A network to the server for each of these processes."""
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(proxy_to(server.port)) for name in names}


@asynccontextmanager
async def open_server(folder: Path) -> AsyncGenerator[PostgresServer]:
    """A server in the folder of the run, running."""
    programs = postgres_programs()
    if programs is None:
        skip_or_fail("PostgreSQL is not installed")
    await asyncio.to_thread(folder.chmod, 0o755)  # the server runs as another user where we are root
    with postgres_server(folder / "server", programs) as server:
        yield server
