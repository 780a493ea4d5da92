"""Tells the API of every export that fails for good, whatever ended it: its page, a limit, a crash, or a person."""

import asyncio
import json

import structlog

from millhand.core.errors import Permanent, Transient
from millhand.core.job import Delivery
from millhand.core.settlement import Settlement
from millhand.core.standing import Standing
from millhand.notify.http import Busy, Unanswered
from millhand.services.page_export.job import KIND, is_safe_id
from millhand.services.page_export.settings import PageExportSettings
from millhand.services.page_export.status_api import AlreadyComplete, ApiRefused, StatusApi
from millhand.services.service import Told

_WAITS = (1.0, 3.0)
_NEVER_BEGAN = "invalid_args"
"""The code of arguments that are refused before the handler could tell the API of a start."""


class Farewell:
    """An observer that calls `/fail` once for a job, before the queue forgets it.

    The API is not told of attempts that are followed by another: in the original's state machine an export that has
    failed can't be started again, so that each retry would be refused.
    """

    def __init__(self, told: Told[PageExportSettings], *, waits: tuple[float, ...] = _WAITS) -> None:
        self._told = told
        self._waits = waits
        self._log = structlog.get_logger("millhand.page_export")

    def began(self, delivery: Delivery, at: int) -> None:
        """The handler tells this itself."""

    def settled(self, settlement: Settlement) -> None:
        """The handler has told a success; a failure was told before this."""

    async def failing(self, settlement: Settlement) -> None:
        """Tell it, as long as there is hope that the API hears it."""
        job_id = print_job_of(settlement.delivery)
        failure = settlement.failure
        if job_id is None or failure is None or failure.code == AlreadyComplete.default_code:
            return
        if failure.code == ApiRefused.default_code and "from state export_failed" in failure.message:
            return  # it knows, and of the better reason
        api = StatusApi(self._told.own.api_url, self._told.own.caller)
        if failure.code == _NEVER_BEGAN and not await self._start(api, job_id):
            return
        await self._tell(api, job_id, failure.message)

    async def given_up(self, standing: Standing) -> None:
        """Tell of an export that nobody here held when it failed: its time was over, or its worker had died."""
        job_id = print_job_of(standing)
        if job_id is not None:
            message = standing.failure.message if standing.failure else "the queue gave the job up"
            await self._tell(StatusApi(self._told.own.api_url, self._told.own.caller), job_id, message)

    async def _start(self, api: StatusApi, job_id: str) -> bool:
        """An export that never began can't fail either, as the API sees it."""
        try:
            await asyncio.to_thread(api.start, job_id)
        except (Permanent, Transient) as error:
            self._log.warning("the API was not told of a failed export", print_job_id=job_id, reason=error.message)
            return False
        return True

    async def _tell(self, api: StatusApi, job_id: str, message: str) -> None:
        for wait in (*self._waits, None):
            try:
                await asyncio.to_thread(api.fail, job_id, message)
            except (Busy, Unanswered) as error:
                if wait is None:
                    self._log.warning("the API was not told of a failed export", print_job_id=job_id, reason=str(error))
                else:
                    await asyncio.sleep(wait)
            except (Permanent, Transient) as error:
                self._log.info("the API refuses to hear of a failed export", print_job_id=job_id, reason=str(error))
                return
            else:
                return


def print_job_of(job: Delivery | Standing) -> str | None:
    """The API's id in the arguments of an export, None for other jobs and for ids that may not stand in a URL."""
    if job.kind != KIND:
        return None
    try:
        content = json.loads(job.args)
    except ValueError:
        return None
    found = content.get("printJobId") if isinstance(content, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - whatever was sent
    return found if isinstance(found, str) and is_safe_id(found) else None
