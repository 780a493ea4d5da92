"""What dispatcher and executor say to each other over the pipe, and how it is written: JSON arrays, many to a frame.

A frame is four bytes of length, big endian, and a JSON list of messages; a message is its name and its fields.
Arguments and results travel as JSON text inside, so the dispatcher never looks into them.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any

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


@dataclass(frozen=True, slots=True)
class Run:
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


@dataclass(frozen=True, slots=True)
class Started:
    """The handler was called at this instant."""

    ticket: int
    at: int


@dataclass(frozen=True, slots=True)
class Ended:
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
    content = [_ENCODERS[type(message)](message) for message in messages]
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False, default=str).encode(errors="replace")
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def unframe(body: bytes) -> Iterator[Message]:
    """Read the messages of a frame's body."""
    for name, *content in json.loads(body):
        yield _DECODERS[name](content)


def _plain(cls: type[Message]) -> Callable[[Any], list[Any]]:
    """Writes messages of a class whose fields are JSON as they are; the names are looked up once."""
    name, names = cls.__name__, [item.name for item in fields(cls)]
    return lambda message: [name, *[getattr(message, each) for each in names]]


def _hello(message: Hello) -> list[Any]:
    return ["Hello", {name: asdict(rules) for name, rules in message.kinds.items()}]


def _read_hello(content: list[Any]) -> Hello:
    return Hello({name: _read_rules(rules) for name, rules in content[0].items()})


def _read_rules(content: dict[str, Any]) -> Rules:
    delays = tuple(content["retry"].pop("delays"))
    return Rules(RetryPolicy(delays=delays, **content["retry"]), Limits(**content["limits"]))


def _ended(message: Ended) -> list[Any]:
    return [
        "Ended",
        message.ticket,
        _write_outcome(message.outcome),
        message.started_at,
        message.finished_at,
        message.seconds,
    ]


def _read_ended(content: list[Any]) -> Ended:
    ticket, outcome, started_at, finished_at, seconds = content
    return Ended(ticket, _read_outcome(outcome), started_at, finished_at, seconds)


def _write_outcome(outcome: Outcome) -> list[Any]:
    if isinstance(outcome, Completed) and not outcome.artefacts and not outcome.follow_ups:
        return ["Completed", outcome.result, [], []]
    values = [_dict(getattr(outcome, item.name)) for item in fields(outcome)]
    return [type(outcome).__name__, *values]


def _dict(value: Any) -> Any:  # noqa: ANN401 - a field of an outcome
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_dict(item) for item in value] if isinstance(value, tuple) else value  # pyright: ignore[reportUnknownVariableType] - items are outcomes' own


def _read_outcome(content: list[Any]) -> Outcome:
    name, *values = content
    match name:
        case "Completed":
            result, artefacts, follow_ups = values
            return Completed(
                result,
                tuple(Artefact(**item) for item in artefacts),
                tuple(NewJob(**item) for item in follow_ups),
            )
        case "Retry":
            return Retry(Failure(**values[0]), *values[1:])
        case "Discarded":
            return Discarded(Failure(**values[0]))
        case _:
            return {"Snoozed": Snoozed, "Cancelled": Cancelled, "Released": Released}[name](*values)


def _failed(message: Failed) -> list[Any]:
    return ["Failed", asdict(message.failure)]


def _read_failed(content: list[Any]) -> Failed:
    return Failed(Failure(**content[0]))


def _said(message: Said) -> list[Any]:
    return ["Said", message.ticket, type(message.event).__name__, asdict(message.event)]


def _read_said(content: list[Any]) -> Said:
    ticket, name, values = content
    if name == "Progress":
        return Said(ticket, Progress(**values))
    level = Level(values.pop("level"))
    return Said(ticket, LogLine(level=level, **values))


_PLAIN: tuple[type[Message], ...] = (Run, Stop, Recall, Recalled, Leaving, Exit, Started)

_ENCODERS: dict[type, Callable[[Any], list[Any]]] = {
    **{cls: _plain(cls) for cls in _PLAIN},
    Hello: _hello,
    Failed: _failed,
    Ended: _ended,
    Said: _said,
}


def _plain_reader(cls: Callable[..., Message]) -> Callable[[list[Any]], Message]:
    return lambda content: cls(*content)


_DECODERS: dict[str, Callable[[list[Any]], Message]] = {
    **{cls.__name__: _plain_reader(cls) for cls in _PLAIN},
    "Hello": _read_hello,
    "Failed": _read_failed,
    "Ended": _read_ended,
    "Said": _read_said,
}
