"""How an attempt can end: the handler's value or exception is turned once into one of these frozen records."""

from dataclasses import dataclass

from millhand.core.artefact import Artefact
from millhand.core.failure import Failure
from millhand.core.job import NewJob


@dataclass(frozen=True, slots=True)
class Completed:
    """The handler returned. `result` is JSON text; the follow-up jobs become visible with the acceptance of this."""

    result: str | None = None
    artefacts: tuple[Artefact, ...] = ()
    follow_ups: tuple[NewJob, ...] = ()


@dataclass(frozen=True, slots=True)
class Retry:
    """The attempt failed for now. `after` is in seconds, or None for the policy's wait."""

    failure: Failure
    after: float | None = None
    charged: bool = True


@dataclass(frozen=True, slots=True)
class Snoozed:
    """The handler asked to be called again after `seconds`."""

    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Discarded:
    """The job can't succeed."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody cancelled the job while it ran."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Released:
    """The job was handed back, through no fault of its own: nothing is charged."""

    reason: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """The executor died, or was killed, while it ran this job."""

    failure: Failure


Outcome = Completed | Retry | Snoozed | Discarded | Cancelled | Released | Crashed
