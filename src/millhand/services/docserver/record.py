"""What a worker has converted since it began, for its heartbeat."""

import json
from dataclasses import dataclass
from typing import Any, cast

from millhand.core.clock import MICROSECONDS
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.core.state import State
from millhand.handlers.documents.convert import ConvertDocument


@dataclass(frozen=True, slots=True)
class Last:
    """The latest conversion: of which document, when it ended, and how. `error` is empty for a success.

    `fell_back` says that Word should have made it, and did not.
    """

    document: str
    at: int
    seconds: float
    engine: str = ""
    engine_version: str = ""
    fell_back: bool = False
    error: str = ""


class Record:
    """An observer that keeps count. `troubles` are the latest attempts in a row that no document is to blame for."""

    def __init__(self) -> None:
        self.converted = 0
        self.failed = 0
        self.troubles = 0
        self.last: Last | None = None

    def began(self, delivery: Delivery, at: int) -> None:
        """Nothing is known yet."""

    async def failing(self, settlement: Settlement) -> None:
        """It counts when it is settled."""

    async def given_up(self, standing: Standing) -> None:
        """It counts what ended here."""

    def settled(self, settlement: Settlement) -> None:
        """An attempt has ended."""
        if settlement.delivery.kind != ConvertDocument.kind or settlement.started_at is None:
            return
        match settlement.state:
            case State.COMPLETED:
                self.converted += 1
                self.troubles = 0
            case State.DISCARDED:
                self.failed += 1
                self.troubles = 0
            case State.RETRYABLE:
                self.troubles += 1
            case _:
                return
        self.last = _last(settlement)


def _last(settlement: Settlement) -> Last:
    result = cast("dict[str, Any]", json.loads(settlement.result or "null") or {})
    began = settlement.started_at or settlement.finished_at
    return Last(
        document=settlement.delivery.job_id,
        at=settlement.finished_at,
        seconds=round((settlement.finished_at - began) / MICROSECONDS, 3),
        engine=result.get("engine", ""),
        engine_version=result.get("engine_version", ""),
        fell_back=bool(result.get("fallback")),
        error=settlement.failure.code if settlement.failure else "",
    )
