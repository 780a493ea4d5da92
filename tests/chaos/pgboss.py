"""The tables of the real pg-boss as the place for jobs, and a Node worker that competes for them: it is struck too.

The seed decides which release of pg-boss that is.
"""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from millhand.testing.postgres import PostgresServer
from millhand.testing.proxy import Proxy
from tests.chaos.beds import Bed
from tests.chaos.blows import ended, frozen, killed, strike_place
from tests.chaos.faults import Hit, Striker
from tests.chaos.fleet import Dispatcher, Place, start_program
from tests.chaos.pgboss_records import PgBossRecords
from tests.chaos.plan import Fault, Strike
from tests.chaos.postgres import PostgresBed, open_networks, open_server
from tests.interop.pgboss import VERSIONS, environment, node, prepare

QUEUE = "default"
EXPIRES_AFTER = 10
"""Seconds after which pg-boss takes a job from a Node worker that is gone: longer than any job of ours takes."""

_COMPETITOR = "competitor"
_PROGRAM = Path(__file__).with_name("competitor.mjs")
_UP_WITHIN = 60.0


class Competitor(Place):
    """The place of the Node worker, which supervises the queue as well."""

    async def start(self) -> asyncio.subprocess.Process:
        """The real pg-boss."""
        options = {
            "superviseIntervalSeconds": 1,
            "monitorIntervalSeconds": 1,
            "maintenanceIntervalSeconds": 1,
            "schedule": False,
        }
        told = {
            "journal": str(journal(self.folder)),
            "ready": str(self.folder / "ready"),
            "queue": QUEUE,
            "expireInSeconds": EXPIRES_AFTER,
            "options": options,
        }
        return await start_program(self.folder, self.name, self.environment, node(), _PROGRAM, json.dumps(told))


class PgBossBed(PostgresBed):
    """A database of a Node application."""

    def __init__(
        self,
        server: PostgresServer,
        url: str,
        networks: Mapping[str, Proxy],
        records: PgBossRecords,
        competitor: Competitor,
    ) -> None:
        super().__init__(server, url, networks, records)
        self._competitor = competitor

    def environment(self, who: str) -> Mapping[str, str]:
        """The broker's URL; the ledger is a file of its own."""
        return {"MILLHAND_BROKER": f"pgboss+{self.url(who)}"}

    def strikers(self, dispatchers: Sequence[Dispatcher]) -> Mapping[Fault, Striker]:
        """Faults of the server, the networks, and the Node worker."""
        return {
            **super().strikers(dispatchers),
            Fault.KILL_COMPETITOR: partial(self._strike_competitor, killed),
            Fault.END_COMPETITOR: partial(self._strike_competitor, ended),
            Fault.FREEZE_COMPETITOR: partial(self._strike_competitor, frozen),
        }

    async def finish(self) -> Sequence[str]:
        """End the Node worker."""
        await self._competitor.finish()
        return self._competitor.unexpected

    async def _strike_competitor(self, do: Callable[[Place, float], Awaitable[None]], strike: Strike) -> Hit | None:
        one = self._competitor
        return strike_place(do, one, strike) if one.ready and not one.busy else None


def journal(folder: Path) -> Path:
    """What the Node worker writes down of its runs."""
    return folder / "competitor.jsonl"


@asynccontextmanager
async def pgboss_bed(folder: Path, names: Sequence[str], seed: int) -> AsyncGenerator[Bed]:
    """A server in the folder of the run, with the tables and a worker of one release of pg-boss."""
    version = VERSIONS[seed % len(VERSIONS)]
    async with open_server(folder) as server, open_networks(server, [*names, _COMPETITOR]) as networks:
        url = await asyncio.to_thread(prepare, server, version)
        records = PgBossRecords(url, QUEUE, journal(folder), EXPIRES_AFTER)
        own_url = PostgresBed(server, url, networks, records).url(_COMPETITOR)
        competitor = Competitor(folder, _COMPETITOR, environment(own_url, version))
        bed = PgBossBed(server, url, networks, records, competitor)
        await competitor.begin()
        try:
            async with asyncio.timeout(_UP_WITHIN):
                while not competitor.ready:  # noqa: ASYNC110 - it leaves a mark when it is
                    await asyncio.sleep(0.05)
            yield bed
        finally:
            competitor.tell(signal.SIGKILL)
