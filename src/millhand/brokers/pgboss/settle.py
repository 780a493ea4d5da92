"""Tell pg-boss how deliveries ended, each under the fence of its claim: no other attempt is ever touched."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from millhand.brokers.pgboss.connections import Connection, Row, rows
from millhand.brokers.pgboss.leave import CANCELLED, CREATED, FAILED, RETRY, Leaving, leave
from millhand.brokers.pgboss.output import of_failure, of_result
from millhand.brokers.pgboss.queues import Queue
from millhand.brokers.pgboss.tables import Tables
from millhand.core.job import Delivery
from millhand.core.settlement import Charge, Settlement
from millhand.core.state import State

Claim = tuple[str, int, datetime]
"""A job's id with the fence of one claim: its retry_count and started_on."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_REMEMBERED = 10_000

_STATES = {
    State.AVAILABLE: CREATED,
    State.SCHEDULED: CREATED,
    State.RETRYABLE: RETRY,
    State.DISCARDED: FAILED,
    State.CANCELLED: CANCELLED,
}


def claim_of(delivery: Delivery) -> Claim:
    """The fence of a delivery."""
    return (delivery.job_id, int(delivery.receipt), _EPOCH + timedelta(microseconds=delivery.fence))


class Settled:
    """The settlements of this process that were accepted, so that a repeat is told from somebody else's."""

    def __init__(self) -> None:
        self._states: OrderedDict[Claim, State] = OrderedDict()

    def add(self, settlements: Iterable[Settlement]) -> None:
        """Remember these."""
        for each in settlements:
            self._states[claim_of(each.delivery)] = each.state
        while len(self._states) > _MOST_REMEMBERED:
            self._states.popitem(last=False)

    def knows(self, settlement: Settlement) -> bool:
        """Whether this very settlement was accepted."""
        return self._states.get(claim_of(settlement.delivery)) is settlement.state


async def settle_queue(
    connection: Connection, tables: Tables, queue: Queue, settlements: Sequence[Settlement]
) -> set[Claim]:
    """Settle deliveries of one queue; returns the claims that held, or that held when the same was told before."""
    by_claim = {claim_of(each.delivery): each for each in reversed(settlements)}
    done = [each for each in by_claim.values() if each.state is State.COMPLETED]
    held = await _complete(connection, tables, queue, done)
    held |= set(
        await leave(connection, tables, queue, [_leaving(each) for each in by_claim.values() if each not in done])
    )
    refused = [each for claim, each in by_claim.items() if claim not in held]
    return held | await _told_before(connection, tables, queue, refused)


def _leaving(settlement: Settlement) -> Leaving:
    job_id, retry_count, started_on = claim_of(settlement.delivery)
    return Leaving(
        id=job_id,
        retry_count=retry_count,
        started_on=started_on,
        state=_state(settlement),
        output=of_failure(settlement.failure),
        delay=settlement.delay,
        charged=settlement.charge is not Charge.NOTHING,
        crash=settlement.charge is Charge.CRASH,
    )


def _state(settlement: Settlement) -> str:
    """A job that is handed back keeps the state `retry` if it has failed before."""
    state = _STATES[settlement.state]
    return RETRY if state == CREATED and int(settlement.delivery.receipt) else state


async def _complete(connection: Connection, tables: Tables, queue: Queue, done: Sequence[Settlement]) -> set[Claim]:
    if not done:
        return set()
    statement = f"""
      UPDATE {tables.name(queue.table)} j SET state = 'completed', completed_on = {tables.now}, output = i.output::jsonb
      FROM unnest(%(ids)s::uuid[], %(counts)s::int[], %(starts)s::timestamptz[], %(outputs)s::text[])
        AS i (id, retry_count, started_on, output)
      WHERE j.name = %(queue)s AND j.id = i.id AND j.state = 'active'
        AND j.retry_count = i.retry_count AND j.started_on = i.started_on
      RETURNING j.id::text AS id, j.retry_count, j.started_on
    """
    return _claims(await rows(connection, statement, _fences(queue, done)))


async def _told_before(
    connection: Connection, tables: Tables, queue: Queue, refused: Sequence[Settlement]
) -> set[Claim]:
    """Whether a settlement was accepted though its answer was lost: state, fence and output are those of it.

    A job that was handed back says nothing of who did it: that counts as lost, and harms nobody.
    """
    doubtful = [each for each in refused if each.charge is not Charge.NOTHING or each.state is State.CANCELLED]
    if not doubtful:
        return set()
    statement = f"""
      SELECT j.id::text AS id, j.retry_count, j.started_on FROM {tables.name(queue.table)} j
      JOIN unnest(%(ids)s::uuid[], %(counts)s::int[], %(starts)s::timestamptz[], %(outputs)s::text[],
        %(states)s::text[]) AS i (id, retry_count, started_on, output, state)
      ON j.id = i.id AND j.state::text = i.state AND j.retry_count = i.retry_count AND j.started_on = i.started_on
        AND j.output IS NOT DISTINCT FROM i.output::jsonb
      WHERE j.name = %(queue)s
    """
    states = ["completed" if each.state is State.COMPLETED else _state(each) for each in doubtful]
    return _claims(await rows(connection, statement, {**_fences(queue, doubtful), "states": states}))


def _fences(queue: Queue, settlements: Sequence[Settlement]) -> dict[str, object]:
    claims = [claim_of(each.delivery) for each in settlements]
    return {
        "queue": queue.name,
        "ids": [job_id for job_id, _, _ in claims],
        "counts": [retry_count for _, retry_count, _ in claims],
        "starts": [started_on for _, _, started_on in claims],
        "outputs": [
            of_result(each.result) if each.state is State.COMPLETED else of_failure(each.failure)
            for each in settlements
        ],
    }


def _claims(found: Sequence[Row]) -> set[Claim]:
    return {(row["id"], row["retry_count"], row["started_on"]) for row in found}
