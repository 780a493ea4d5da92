"""The opened side of an app: its database, broker and ledger, connected once and closed together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

from millhand.app.foreign import ForeignLedger
from millhand.app.journaled import ForeignBroker, JournaledBroker
from millhand.brokers import open_broker
from millhand.brokers.sql import SqlBroker
from millhand.control import Control, ControlledBroker
from millhand.core.clock import Clock
from millhand.core.ports import Ledger, Rescues
from millhand.database import Database, Durability
from millhand.ledger.api_keys import ApiKeys
from millhand.ledger.audit import Audit
from millhand.ledger.inspector import Inspector
from millhand.ledger.journal import Journal
from millhand.ledger.recorder import Recorder
from millhand.ledger.schedules import Schedules
from millhand.ledger.views import JobRecord
from millhand.ledger.workers import Workers
from millhand.stores import StoreAccess


class AppBroker(ControlledBroker, Rescues, Protocol):
    """A broker with all that an app and its workers ask of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Connected parts. Jobs wait in the database itself, or where a broker's own URL says."""

    database: Database
    broker: AppBroker
    ledger: Ledger
    inspector: Inspector
    control: Control
    foreign: JournaledBroker | None = None
    """The broker, if it belongs to somebody else."""

    @classmethod
    async def open(  # noqa: PLR0913 - each by its name
        cls,
        url: str,
        clock: Clock,
        *,
        durability: Durability,
        worker: str,
        lease: float = 15.0,
        queues: Sequence[str] = (),
        broker_url: str = "",
        stores: StoreAccess | None = None,
    ) -> "Backend":
        """Connect to the database at `url`, and to the broker at `broker_url` if that is another place.

        `worker` names this process as an owner of leases; `stores` says how object stores are reached.
        """
        database = Database.at(url, clock=clock, durability=durability)
        broker: AppBroker
        ledger: Ledger
        foreign: JournaledBroker | None = None
        if broker_url:
            opened = open_broker(
                broker_url, database=database, worker=worker, queues=queues, lease=lease, stores=stores
            )
            name = broker_url.partition(":")[0].partition("+")[0]
            foreign = JournaledBroker(cast("ForeignBroker", opened), Journal(database, name, worker))
            broker, ledger = foreign, ForeignLedger(foreign, Recorder(database))
        else:
            broker = SqlBroker(database, queues=queues, worker=worker, lease=lease)
            ledger = Recorder(database)
        await database.open()
        try:
            await broker.open()
        except BaseException:
            await database.close()
            raise
        control = Control(
            broker=broker,
            schedules=Schedules(database),
            keys=ApiKeys(database),
            workers=Workers(database),
            audit=Audit(database),
            actor=f"app:{worker}",
        )
        return cls(
            database=database,
            broker=broker,
            ledger=ledger,
            inspector=Inspector(database),
            control=control,
            foreign=foreign,
        )

    async def resolve(self, text: str) -> str:
        """The id that a text means by its beginning. Raises `NotFound`, or `UsageError` if it fits several."""
        if self.foreign is not None:
            await self.foreign.refresh([text])
        return await self.inspector.resolve(text)

    async def record(self, job_id: str) -> JobRecord | None:
        """The job as it stands now; of one that waits with somebody else, what is noted there comes first."""
        standing = None if self.foreign is None else (await self.foreign.refresh([job_id])).get(job_id)
        found = (await self.inspector.records([job_id])).get(job_id)
        return found if found is None or standing is None else replace(found, state=standing.state)

    async def close(self) -> None:
        """Disconnect."""
        await self.broker.close()
        await self.database.close()
