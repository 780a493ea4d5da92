"""The opened side of an app: its database, broker and ledger, connected once and closed together."""

from collections.abc import Sequence
from dataclasses import dataclass

from millhand.brokers.sql import SqlBroker
from millhand.control import Control
from millhand.core.clock import Clock
from millhand.database import Database, Durability
from millhand.ledger.audit import Audit
from millhand.ledger.inspector import Inspector
from millhand.ledger.recorder import Recorder
from millhand.ledger.schedules import Schedules


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Connected parts that share one database."""

    database: Database
    broker: SqlBroker
    recorder: Recorder
    inspector: Inspector
    control: Control

    @classmethod
    async def open(
        cls,
        url: str,
        clock: Clock,
        *,
        durability: Durability,
        worker: str,
        lease: float = 15.0,
        queues: Sequence[str] = (),
    ) -> "Backend":
        """Connect to the database at `url`; `worker` names this process as an owner of leases."""
        database = Database.at(url, clock=clock, durability=durability)
        broker = SqlBroker(database, queues=queues, worker=worker, lease=lease)
        await database.open()
        await broker.open()
        return cls(
            database=database,
            broker=broker,
            recorder=Recorder(database),
            inspector=Inspector(database),
            control=Control(broker=broker, schedules=Schedules(database), audit=Audit(database), actor=f"app:{worker}"),
        )

    async def close(self) -> None:
        """Disconnect."""
        await self.broker.close()
        await self.database.close()
