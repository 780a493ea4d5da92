"""A job that was sent for one file of an answer, waited for and read."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Response

from millhand.core.artefact import Artefact
from millhand.core.errors import MillhandError
from millhand.core.state import FINAL, State
from millhand.web.api.models.orders import Sent
from millhand.web.api.sending import Ticket, answer
from millhand.web.desk import Caller
from millhand.web.problems import Refused

_STATUSES = {"address_refused": 403, "page_status": 409, "part_missing": 409}
"""The statuses by which Gotenberg tells of these; for others, 400 means that the same again will not do better."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A job, and the name of its file in an archive."""

    job_id: str
    name: str


async def run(caller: Caller, errands: Sequence[Errand], seconds: float) -> Sequence[Artefact]:
    """What the jobs made, once all have ended; raises `Refused` if one made nothing, or takes too long.

    The others are cancelled then: nobody waits for them any more.
    """
    try:
        return await asyncio.gather(*(_ended(caller, errand, seconds) for errand in errands))
    except MillhandError:
        await caller.control.cancel_all([errand.job_id for errand in errands])
        raise


async def _ended(caller: Caller, errand: Errand, seconds: float) -> Artefact:
    clock = asyncio.get_running_loop()
    deadline, sent = clock.time() + seconds, None
    while sent is None or (sent.state not in FINAL and clock.time() < deadline):
        sent = await answer(caller, Ticket(errand.job_id, duplicate=False), Response(), deadline - clock.time())
    if sent.state is State.COMPLETED:
        artefact = (await caller.detail(sent.id)).artefacts[-1]
        return await caller.inspector.artefact(sent.id, artefact.seq)
    raise await _refusal(caller, sent)


async def _refusal(caller: Caller, sent: Sent) -> Refused:
    headers = {"Location": sent.url}
    if sent.state not in FINAL:
        return Refused(503, "the job took too long, and was cancelled", code="too_slow", headers=headers)
    if sent.failure is None:
        return Refused(503, f"the job was {sent.state}", code="no_file", headers=headers)
    why = sent.failure
    status = _STATUSES.get(why.code) or (500 if await _tried_in_vain(caller, sent.id) else 400)
    return Refused(status, why.message, code=why.code, hint=why.hint, headers=headers)


async def _tried_in_vain(caller: Caller, job_id: str) -> bool:
    """Whether the job was given up after all its attempts, rather than for a fault of its own."""
    row = (await caller.detail(job_id)).row
    return row.failures >= row.max_attempts or row.crashes >= row.max_crashes
