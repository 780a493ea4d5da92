"""Checks of the queue: a job of our own goes through it and comes out."""

from collections.abc import Iterable

from millhand.app.backend import Backend
from millhand.brokers.sql import SqlBroker
from millhand.core.errors import MillhandError
from millhand.core.finding import Finding
from millhand.core.job import NewJob
from millhand.core.outcome import Completed
from millhand.core.retry import RetryPolicy
from millhand.core.settlement import Run, settlement
from millhand.doctor.findings import error, not_applicable, ok
from millhand.doctor.patient import Patient

_ID = "broker.round_trip"
QUEUE = "millhand.doctor"
"""The queue of the probe jobs."""

_LEASE = 15.0
_WAIT = 5.0
_LATER = 3_600_000_000


async def round_trip(patient: Patient) -> Iterable[Finding]:
    """Send, receive, extend and settle a job on a queue of our own; while a worker serves that queue too, less."""
    backend = patient.backend
    if backend is None:
        return [not_applicable(_ID, "There is no open database.")]
    if patient.settings.broker:
        return [not_applicable(_ID, "Jobs wait in the queues of another application, which no probe shall enter.")]
    workers = await backend.inspector.workers()
    taken = any(worker.serves(QUEUE) for worker in workers if not worker.silent)
    try:
        return [await (_sent_and_cancelled(backend) if taken else _delivered(backend))]
    except MillhandError as failed:
        return [error(_ID, failed.message, failed.hint)]


async def _sent_and_cancelled(backend: Backend) -> Finding:
    clock = backend.database.clock
    [sent] = await backend.broker.send([_probe(clock.new_id(), clock.now() + _LATER)])
    result = await backend.broker.cancel(sent.id)
    if result != "cancelled":
        return error(_ID, f"A probe job could be sent, but not cancelled ({result}).", "Look at the worker's log.")
    return ok(_ID, "A probe job was sent and cancelled again; the running worker delivers, so it was left to it.")


async def _delivered(backend: Backend) -> Finding:
    clock = backend.database.clock
    broker = SqlBroker(backend.database, queues=(QUEUE,), worker=f"doctor-{clock.new_id()[-8:]}", lease=_LEASE)
    await broker.open()
    began = clock.monotonic()
    [sent] = await broker.send([_probe(clock.new_id(), 0)])
    deliveries = await broker.receive(10, _WAIT)
    extended = await broker.extend(deliveries, _LEASE)
    run = Run(started_at=clock.now(), finished_at=clock.now(), executor="")
    ends = [settlement(delivery, Completed(), RetryPolicy(), run, 0.5) for delivery in deliveries]
    settled = await broker.settle(ends)
    if sent.id not in {delivery.job_id for delivery in deliveries} or not all([*extended, *settled]):
        return error(_ID, "A probe job did not come back from the queue.", "Look at `millhand jobs list queue:" + QUEUE)
    seconds = clock.monotonic() - began
    return ok(_ID, f"A probe job was sent, delivered, extended and settled in {seconds * 1000:.0f} ms.")


def _probe(job_id: str, run_at: int) -> NewJob:
    return NewJob(id=job_id, kind="millhand.doctor", args="{}", queue=QUEUE, run_at=run_at, max_attempts=1)
