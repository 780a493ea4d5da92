"""The page of events: what is recorded about jobs, and what is told to logs and traces."""

import ast

from millhand.core.state import Cause
from scripts.gen_docs import source
from scripts.gen_docs.markdown import code, page, table

_NOTICES = {
    "cancelled": "Somebody cancelled the job while it waited.",
    "cancel requested": "Somebody cancelled the job while it ran; its handler is told to stop.",
    Cause.RETRIED.value: "Somebody had the job run again.",
    "settlement refused": "A worker reported an end of the job after it had lost the lease. Nothing was changed by it.",
}
_ACTIONS = {
    "job.cancel": "One job, or a number of them, was cancelled.",
    "job.retry": "One job, or a number of them, was made to run again.",
    "job.repeat": "A job was sent that does another one over with other arguments.",
    "queue.pause": "A queue was paused.",
    "queue.resume": "A queue was resumed.",
    "queue.caps": "The concurrency limits of a queue were set.",
    "queue.purge": "The waiting jobs of a queue were cancelled.",
    "worker.quiet": "A worker was told to take no jobs for now.",
    "worker.resume": "A worker was told to take jobs again.",
    "worker.stop": "A worker was told to end.",
    "schedule.run": "A schedule was fired by hand.",
    "schedule.enable": "A schedule was switched on.",
    "schedule.disable": "A schedule was switched off.",
    "schedule.remove": "A schedule was forgotten.",
    "key.create": "A key for the HTTP API was made.",
    "key.revoke": "A key was revoked.",
}
_SPANS = (
    ("send QUEUE", "producer", "Jobs were sent. Its context travels in the jobs' headers (`traceparent`)."),
    ("wait QUEUE", "internal", "A job was ready and waited for a worker. Only for jobs that carry a context."),
    ("process KIND", "consumer", "A handler ran; child of, and linked to, the span that sent the job."),
)
_LEVELS = ("debug", "info", "warning", "error")


def write() -> str:
    """The page."""
    return page(
        "Events",
        "What happens is written down in four places: with each job (read it with `millhand jobs show` and"
        " `millhand jobs logs -f`), in the audit trail, in the worker's log, and in traces.",
        "## Of a job",
        "Each has the job, the attempt, and the instant in microseconds. The newest 5,000 log lines and 20 progress"
        " reports of a job are kept, and all notices.",
        "### progress\n\n`ctx.progress(fraction, text)` in a handler. Fields: `fraction`, from 0 to 1.",
        "### log\n\n`ctx.log.info(text, **fields)` in a handler, with a level: debug, info, warning or error.",
        *(f"### {name}\n\n{meaning}" for name, meaning in _NOTICES.items()),
        "## Of the audit trail",
        "Commands of people that took effect: when, who (`cli:NAME`, `api:KEY`), what, and on which job, queue or"
        " schedule.",
        *(f"### {name}\n\n{meaning}" for name, meaning in _ACTIONS.items()),
        "## Of the worker's log",
        "Lines on standard error, as text or JSON (`log.format`). Beside these fields each line has"
        " `timestamp` and `level`.",
        table(("event", "level", "fields"), _log_lines()),
        "## Spans",
        "With an OpenTelemetry SDK in the process. Attributes follow the semantic conventions for messaging:"
        " `messaging.system` (`millhand`), `messaging.destination.name` (the queue), `messaging.message.id` (the job),"
        " `messaging.operation.type`, `messaging.batch.message_count`, and `millhand.kind`, `millhand.attempt`,"
        " `millhand.outcome`, `error.type`.",
        table(("span", "kind", "meaning"), ((code(name), kind, meaning) for name, kind, meaning in _SPANS)),
    )


def notices_in_source() -> set[str]:
    """The name of each notice that the code records."""
    found: set[str] = set()
    for call, name in source.calls("brokers/"):
        if name == "notice":
            given = source.argument(call, 2)
            found.add(source.text_of(given) or Cause[_member(given)].value)
        elif name == "run" and call.args and "settlement refused" in source.texts_of(call.args[-1]):
            found.add("settlement refused")
    return found


def actions_in_source() -> set[str]:
    """The name of each action that the audit trail knows."""
    return {
        source.text_of(call.args[0]) for call, name in source.calls("control.py") if name in {"_note", "_note_jobs"}
    } - {""}


def described() -> tuple[set[str], set[str]]:
    """The notices and the actions on the page."""
    return set(_NOTICES), set(_ACTIONS)


def _member(node: ast.expr | None) -> str:
    """The name of the member in `Cause.NAME.value`."""
    match node:
        case ast.Attribute(value=ast.Attribute(attr=name)):
            return name
        case _:
            return ""


def _log_lines() -> list[tuple[str, str, str]]:
    found: set[tuple[str, str, str]] = set()
    for call, name in source.calls("worker/"):
        message = source.text_of(source.argument(call, 0))
        if name in _LEVELS and message and isinstance(call.func, ast.Attribute) and _is_log(call.func.value):
            fields = ", ".join(code(each.arg) for each in call.keywords if each.arg)
            found.add((message, name, fields))
    return sorted(found)


def _is_log(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in {"log", "_log"}
