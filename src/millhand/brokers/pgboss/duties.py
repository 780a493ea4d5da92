"""What every worker does for the others every so often: rescue what is left behind, supervise where nobody does."""

from millhand.brokers.pgboss.fetch import Fetch
from millhand.brokers.pgboss.overdue import AT_ONCE, rescue
from millhand.brokers.pgboss.pace import Pace
from millhand.brokers.pgboss.server import Server
from millhand.brokers.pgboss.supervise import delete_old, release_flows, somebody_supervises, supervise

_SUPERVISE_EVERY = 60.0
_DELETE_EVERY = 3_600.0
_RELEASE_EVERY = 5.0
_PATIENCE = 120.0


class Duties:
    """Keeps the pace of each duty; `turn` does what is due."""

    def __init__(self, server: Server, fetch: Fetch) -> None:
        self._server = server
        self._fetch = fetch
        self._rescues = Pace(server.clock)
        self._supervision = Pace(server.clock, _SUPERVISE_EVERY)
        self._deletion = Pace(server.clock, _DELETE_EVERY)
        self._flows = Pace(server.clock, _RELEASE_EVERY)

    async def turn(self) -> int:
        """Do what is due; returns how many jobs were taken from workers that are gone."""
        taken = 0
        if self._rescues.is_due:
            with self._rescues.look():
                taken += await self._rescue()
        if self._supervision.is_due:
            with self._supervision.look():
                taken += await self._supervise()
        if self._flows.is_due:
            with self._flows.look():
                await self._release()
        return taken

    async def _rescue(self) -> int:
        rescued = 0
        async with self._server.use() as (connection, tables):
            for queue in await self._fetch.queues(connection, tables):
                some = AT_ONCE
                while some == AT_ONCE:
                    async with connection.transaction():
                        some = await rescue(connection, tables, queue)
                    rescued += some
        return rescued

    async def _supervise(self) -> int:
        async with self._server.use(_PATIENCE) as (connection, tables):
            if await somebody_supervises(connection, tables):
                return 0
            queues = await self._fetch.queues(connection, tables)
            failed = await supervise(connection, tables, queues)
            if self._deletion.is_due:
                with self._deletion.look():
                    await delete_old(connection, tables, queues)
            return failed

    async def _release(self) -> None:
        async with self._server.use() as (connection, tables):
            if tables.flows:
                await release_flows(connection, tables, await self._server.queues.all(connection, tables))
