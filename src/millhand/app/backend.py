"""The opened side of an app: its database, broker and ledger, connected once and closed together."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from millhand.app.foreign import Cancels, LogLedger
from millhand.brokers import open_broker
from millhand.brokers.sql import SqlBroker
from millhand.control import Control, ControlledBroker
from millhand.core.clock import Clock
from millhand.core.ports import Ledger, Rescues
from millhand.database import Database, Durability
from millhand.ledger.audit import Audit
from millhand.ledger.inspector import Inspector
from millhand.ledger.recorder import Recorder
from millhand.ledger.schedules import Schedules


class AppBroker(ControlledBroker, Rescues, Protocol):
    """A broker with all that an app and its workers ask of one."""


class _ForeignBroker(AppBroker, Cancels, Protocol):
    """One whose jobs are in somebody else's tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Connected parts. Jobs wait in the database itself, or where a broker's own URL says."""

    database: Database
    broker: AppBroker
    ledger: Ledger
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
        broker_url: str = "",
    ) -> "Backend":
        """Connect to the database at `url`, and to the broker at `broker_url` if that is another place.

        `worker` names this process as an owner of leases.
        """
        database = Database.at(url, clock=clock, durability=durability)
        broker: AppBroker
        ledger: Ledger
        if broker_url:
            opened = open_broker(broker_url, database=database, worker=worker, queues=queues, lease=lease)
            foreign = cast("_ForeignBroker", opened)
            broker, ledger = foreign, LogLedger(foreign)
        else:
            broker = SqlBroker(database, queues=queues, worker=worker, lease=lease)
            ledger = Recorder(database)
        await database.open()
        try:
            await broker.open()
        except BaseException:
            await database.close()
            raise
        control = Control(broker=broker, schedules=Schedules(database), audit=Audit(database), actor=f"app:{worker}")
        return cls(database=database, broker=broker, ledger=ledger, inspector=Inspector(database), control=control)

    async def close(self) -> None:
        """Disconnect."""
        await self.broker.close()
        await self.database.close()
