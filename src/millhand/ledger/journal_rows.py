"""What the record of somebody else's jobs says, as rows: of deliveries, of looks at the broker, and of settlements."""

import json
from dataclasses import asdict
from typing import Any

from millhand.core.clock import after
from millhand.core.events import Level
from millhand.core.failure import Failure
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import FINAL, State
from millhand.ledger.store import to_json

Row = dict[str, Any]

_LARGEST = 32_767
"""The largest count that a row holds."""


def delivered(delivery: Delivery, broker: str, worker: str) -> Row:
    """The job of a delivery that this worker was given."""
    return {
        **_nothing_yet(),
        "id": delivery.job_id,
        "version": delivery.version,
        "broker": broker,
        "kind": delivery.kind,
        "queue": delivery.queue,
        "tenant": delivery.tenant,
        "priority": delivery.priority,
        "state": State.RUNNING.value,
        "args": delivery.args,
        "headers": to_json(dict(delivery.headers)),
        "parent_id": delivery.parent_id,
        "failures": min(delivery.failures, _LARGEST),
        "crashes": min(delivery.crashes, _LARGEST),
        "max_attempts": min(delivery.max_attempts, _LARGEST),
        "max_crashes": min(delivery.max_crashes, _LARGEST),
        "fence": delivery.fence,
        "worker": worker,
        "enqueued_at": delivery.enqueued_at,
        "run_at": delivery.available_at,
        "claimed_at": delivery.claimed_at,
    }


def as_seen(standing: Standing, broker: str) -> Row:
    """A job as it stands with its broker."""
    final = standing.state in FINAL
    return {
        **_nothing_yet(),
        "id": standing.id,
        "version": 1,
        "broker": broker,
        "kind": standing.kind,
        "queue": standing.queue,
        "tenant": standing.tenant,
        "priority": standing.priority,
        "state": _waiting_as_scheduled(standing.state),
        "args": standing.args,
        "headers": to_json(dict(standing.headers)),
        "parent_id": standing.parent_id,
        "failures": min(standing.failures, _LARGEST),
        "crashes": min(standing.crashes, _LARGEST),
        "max_attempts": min(standing.max_attempts, _LARGEST),
        "max_crashes": min(standing.max_crashes, _LARGEST),
        "fence": 0,
        "enqueued_at": standing.enqueued_at,
        "run_at": standing.run_at,
        "claimed_at": standing.started_at,
        "started_at": standing.started_at if final else None,
        "finished_at": standing.finished_at if final else None,
        "result": standing.result,
        **error(standing.failure),
    }


def refusal(settlement: Settlement, worker: str, now: int) -> Row:
    """The event of a settlement that came too late."""
    held = settlement.delivery
    return {
        "job_id": held.job_id,
        "attempt": min(held.attempt, _LARGEST),
        "at": now,
        "name": "settlement refused",
        "level": Level.WARNING.value,
        "text": f"{worker} no longer held the job (fence {held.fence}) when it reported: {settlement.cause}",
    }


def attempt(settlement: Settlement, job: int, worker: str) -> Row:
    """The attempt that a settlement ends; `job` is the number of its job."""
    held = settlement.delivery
    return {
        "job": job,
        "fence": held.fence,
        "number": min(held.attempt, _LARGEST),
        "worker": worker,
        "executor": settlement.executor,
        "available_at": held.available_at,
        "claimed_at": held.claimed_at,
        "started_at": settlement.started_at,
        "finished_at": settlement.finished_at,
        "state": settlement.state.value,
        "cause": settlement.cause.value,
        "charge": settlement.charge.value,
        "failure": None if settlement.failure is None else json.dumps(asdict(settlement.failure), ensure_ascii=False),
    }


def ended(settlement: Settlement) -> Row:
    """What of a job changes with the end of an attempt."""
    held = settlement.delivery
    final = settlement.state in FINAL
    charged = settlement.charge.value
    return {
        "state": _waiting_as_scheduled(settlement.state),
        "worker": None,
        "claimed_at": held.claimed_at,
        "failures": min(held.failures + (charged == "attempt" and settlement.state is not State.COMPLETED), _LARGEST),
        "crashes": min(held.crashes + (charged == "crash"), _LARGEST),
        "run_at": held.available_at if final else after(settlement.finished_at, settlement.delay),
        "started_at": settlement.started_at,
        "finished_at": settlement.finished_at if final else None,
        "result": settlement.result,
        **error(settlement.failure),
    }


def artefacts(settlement: Settlement) -> list[Row]:
    """The artefacts of an attempt."""
    held = settlement.delivery
    return [
        {
            "job_id": held.job_id,
            "attempt": min(held.attempt, _LARGEST),
            "at": settlement.finished_at,
            "name": each.name,
            "url": each.url,
            "media_type": each.media_type,
            "size": each.size,
            "sha256": each.sha256,
            "facts": to_json(dict(each.facts)),
        }
        for each in settlement.artefacts
    ]


def error(reason: Failure | None) -> Row:
    """The columns that tell why a job failed."""
    return {
        "error_code": reason.code if reason else None,
        "error_message": reason.message if reason else None,
        "error_fingerprint": reason.fingerprint if reason else None,
    }


def _nothing_yet() -> Row:
    names = ("key", "worker", "lease_until", "claimed_at", "started_at", "finished_at", "cancel_at", "progress")
    more = ("progress_text", "result", "error_code", "error_message", "error_fingerprint")
    return {**dict.fromkeys((*names, *more)), "limit_key": ""}


def _waiting_as_scheduled(state: State) -> str:
    return (State.SCHEDULED if state is State.AVAILABLE else state).value
