"""The parts of an open broker, wired to one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from millhand.brokers.bucket.claim import Claims, Owner
from millhand.brokers.bucket.control import Commands
from millhand.brokers.bucket.fetch import Fetch
from millhand.brokers.bucket.finish import Finisher
from millhand.brokers.bucket.hold import Holding
from millhand.brokers.bucket.inbox import Inbox
from millhand.brokers.bucket.look import Looking
from millhand.brokers.bucket.notes import Notes, NoteStore
from millhand.brokers.bucket.place import Place
from millhand.brokers.bucket.rescue import Rescuer
from millhand.brokers.bucket.settle import Settling
from millhand.brokers.bucket.stats import Counting
from millhand.brokers.bucket.store_time import StoreTime
from millhand.brokers.bucket.verify import Verifier
from millhand.core.clock import Clock
from millhand.stores import Bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a broker works with while it is open."""

    claims: Claims
    fetch: Fetch
    holding: Holding
    settling: Settling
    rescuer: Rescuer
    commands: Commands
    counting: Counting
    looking: Looking

    @classmethod
    def make(
        cls,
        bucket: Bucket,
        place: Place,
        store: NoteStore,
        time: StoreTime,
        clock: Clock,
        owner: Owner,
        queues: Sequence[str],
    ) -> Self:
        """All parts, on these notes and this time."""
        notes, inbox = Notes(store), Inbox(bucket, place, queues)
        finisher = Finisher(bucket, notes, time, place.routes)
        claims = Claims(bucket, notes, finisher, time, clock, owner)
        return cls(
            claims=claims,
            fetch=Fetch(inbox, notes, claims, time, clock),
            holding=Holding(notes, time, clock),
            settling=Settling(notes, finisher, Verifier(bucket, place.routes, taken=place.taken), time, clock, owner),
            rescuer=Rescuer(bucket, inbox, notes, finisher, time, clock, owner),
            commands=Commands(bucket, inbox, notes, finisher, time, owner),
            counting=Counting(inbox, notes, time, clock),
            looking=Looking(bucket, inbox, notes, time, clock),
        )
