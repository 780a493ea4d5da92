"""Structured logs: structlog and the standard library's loggers in one stream, as JSON lines or for a console.

`configure_logging` is called once, by the program's entry; everything else asks structlog for a logger.
"""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from millhand.core.clock import Clock, as_datetime
from millhand.core.redact import redact_mapping

_PLAIN = (str, int, float, list, tuple, dict, type(None))


class LogFormat(StrEnum):
    """How lines look. `AUTO` is `CONSOLE` on a terminal and `JSON` elsewhere."""

    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """What to log and how.

    `level` is the least grave level that is shown: debug, info, warning or error. `colour` is for terminals.
    `quiet` are loggers of libraries, which only warn.
    """

    level: str = "info"
    format: LogFormat = LogFormat.AUTO
    colour: bool = True
    quiet: tuple[str, ...] = ("alembic", "asyncio", "uvicorn")


def configure_logging(options: LogOptions, stream: TextIO, clock: Clock) -> None:
    """Send every log line of this process to `stream`, with secrets masked. Call it once, at the start."""
    level = logging.getLevelNamesMapping()[options.level.upper()]
    shared = _shared(clock)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[remove, structlog.processors.format_exc_info, _mask, _renderer(options, stream)],
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    for name in options.quiet:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


@contextmanager
def job_context(*, job_id: str, kind: str, attempt: int) -> Generator[None]:
    """Name the job in every line that is logged inside."""
    with structlog.contextvars.bound_contextvars(job_id=job_id, kind=kind, attempt=attempt):
        yield


def _shared(clock: Clock) -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        _stamp(clock),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderer(options: LogOptions, stream: TextIO) -> Processor:
    terminal = stream.isatty()
    if options.format is LogFormat.JSON or (options.format is LogFormat.AUTO and not terminal):
        return structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    return structlog.dev.ConsoleRenderer(
        colors=terminal and options.colour, exception_formatter=structlog.dev.plain_traceback
    )


def _stamp(clock: Clock) -> Callable[[WrappedLogger, str, EventDict], EventDict]:
    def stamp(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["timestamp"] = as_datetime(clock.now()).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return line

    return stamp


def _mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    line_of_texts: dict[str, object] = {
        name: value if isinstance(value, _PLAIN) else str(value) for name, value in line.items()
    }
    return redact_mapping(line_of_texts)
