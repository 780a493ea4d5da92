"""What dispatcher and executor say to each other over the pipe, and how it is written: JSON arrays, many to a frame.

A frame is four bytes of length, big endian, and a JSON list of messages; a message is its name and its fields.
Arguments and results travel as JSON text inside, so the dispatcher never looks into them. The messages that every job
needs are named tuples, which are made several times as fast as dataclasses.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from millhand.core.artefact import Artefact
from millhand.core.events import Level, LogLine, Progress
from millhand.core.failure import Failure
from millhand.core.job import NewJob
from millhand.core.limits import Limits
from millhand.core.outcome import Cancelled, Completed, Discarded, Outcome, Released, Retry, Snoozed
from millhand.core.retry import RetryPolicy

LENGTH_BYTES = 4
MAX_FRAME = 256 * 1024 * 1024
"""Bytes beyond which a frame is not read."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the dispatcher must know of a kind."""

    retry: RetryPolicy
    limits: Limits


@dataclass(frozen=True, slots=True)
class Hello:
    """The executor is ready; these are the kinds that it can run."""

    kinds: dict[str, Rules]


@dataclass(frozen=True, slots=True)
class Failed:
    """The executor can't start: the app can't be loaded."""

    failure: Failure


class Run(NamedTuple):
    """Run this job; `ticket` names the run in all later messages."""

    ticket: int
    job_id: str
    kind: str
    args: str
    attempt: int
    queue: str
    tenant: str
    headers: dict[str, str]
    enqueued_at: int = 0


@dataclass(frozen=True, slots=True)
class Stop:
    """Ask the running job to stop, and say why: `cancelled` or `lost` (its lease) or `draining`."""

    ticket: int
    why: str


@dataclass(frozen=True, slots=True)
class Recall:
    """Give back all jobs that have not started."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """These have not started and will not."""

    tickets: list[int]


@dataclass(frozen=True, slots=True)
class Leaving:
    """The executor was told by somebody else to end: it wants no further jobs, and waits for `Exit`."""


@dataclass(frozen=True, slots=True)
class Exit:
    """End when the running jobs have ended."""


class Started(NamedTuple):
    """The handler was called at this instant."""

    ticket: int
    at: int


class Ended(NamedTuple):
    """How a run ended. `started_at` is None if the handler was never called."""

    ticket: int
    outcome: Outcome
    started_at: int | None
    finished_at: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Said:
    """A running job reported progress or a log line."""

    ticket: int
    event: Progress | LogLine


Message = Hello | Failed | Run | Stop | Recall | Recalled | Leaving | Exit | Started | Ended | Said


def frame(messages: Iterable[Message]) -> bytes:
    """Write messages as one frame.

    Halves of surrogate pairs, which no database stores, become question marks.
    """
    content = [(type(message).__name__, *_WRITERS[type(message)](message)) for message in messages]
    try:
        body = to_json(content, fallback=str)
    except ValueError:  # a text that is not Unicode
        body = json.dumps(content, ensure_ascii=False, default=_in_words).encode(errors="replace")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def unframe(body: bytes) -> Iterator[Message]:
    """Read the messages of a frame's body."""
    for name, *content in from_json(body):
        yield _READERS[name](*content)


def _in_words(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _fields_of(cls: type[Any]) -> Callable[[Any], list[Any]]:
    """Reads the fields of a dataclass, whose names are looked up once."""
    names = [field.name for field in fields(cls)]
    return lambda value: [getattr(value, name) for name in names]


def _write_ended(message: Ended) -> tuple[Any, ...]:
    ticket, outcome, *times = message
    return ticket, type(outcome).__name__, _OUTCOME_WRITERS[type(outcome)](outcome), *times


def _write_said(message: Said) -> tuple[Any, ...]:
    return message.ticket, type(message.event).__name__, message.event


_OUTCOME_WRITERS: dict[type, Callable[[Any], list[Any]]] = {
    cls: _fields_of(cls) for cls in (Completed, Retry, Snoozed, Discarded, Cancelled, Released)
}
_WRITERS: dict[type, Callable[[Any], Iterable[Any]]] = {
    Run: tuple,
    Started: tuple,
    **{cls: _fields_of(cls) for cls in (Hello, Failed, Stop, Recall, Recalled, Leaving, Exit)},
    Ended: _write_ended,
    Said: _write_said,
}


def _read_hello(kinds: dict[str, Any]) -> Hello:
    return Hello({name: _read_rules(**rules) for name, rules in kinds.items()})


def _read_rules(retry: dict[str, Any], limits: dict[str, Any]) -> Rules:
    return Rules(RetryPolicy(delays=tuple(retry.pop("delays")), **retry), Limits(**limits))


def _read_failed(failure: dict[str, str]) -> Failed:
    return Failed(Failure(**failure))


def _read_ended(ticket: int, how: str, content: list[Any], *times: Any) -> Ended:  # noqa: ANN401 - numbers, or None
    return Ended(ticket, _OUTCOME_READERS[how](*content), *times)


def _read_said(ticket: int, what: str, event: dict[str, Any]) -> Said:
    if what == "Progress":
        return Said(ticket, Progress(**event))
    return Said(ticket, LogLine(level=Level(event.pop("level")), **event))


def _read_completed(result: str | None, artefacts: list[Any], follow_ups: list[Any]) -> Completed:
    if not artefacts and not follow_ups:
        return _DONE if result is None else Completed(result)
    return Completed(result, tuple(Artefact(**each) for each in artefacts), tuple(NewJob(*each) for each in follow_ups))


_DONE = Completed()


def _read_retry(failure: dict[str, str], after: float | None, charged: bool) -> Retry:  # noqa: FBT001 - as it was sent
    return Retry(Failure(**failure), after, charged)


def _read_discarded(failure: dict[str, str]) -> Discarded:
    return Discarded(Failure(**failure))


_OUTCOME_READERS: dict[str, Callable[..., Outcome]] = {
    "Completed": _read_completed,
    "Retry": _read_retry,
    "Snoozed": Snoozed,
    "Discarded": _read_discarded,
    "Cancelled": Cancelled,
    "Released": Released,
}
_READERS: dict[str, Callable[..., Message]] = {
    **{cls.__name__: cls for cls in (Run, Stop, Recall, Recalled, Leaving, Exit, Started)},
    "Hello": _read_hello,
    "Failed": _read_failed,
    "Ended": _read_ended,
    "Said": _read_said,
}
