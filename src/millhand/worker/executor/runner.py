"""Run one job to its outcome: check its arguments, call its handler within its limits, make its end a value."""

import asyncio
import contextvars
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Any

from pydantic import ValidationError
from pydantic_core import to_json

from millhand.core.classify import outcome_of
from millhand.core.clock import after
from millhand.core.context import JobFacts
from millhand.core.errors import InvalidArgs, JobCancelled, NotFound, Permanent, SoftLimitReached, UnknownKind
from millhand.core.events import LogLine, Progress
from millhand.core.failure import failure_of
from millhand.core.job import Args
from millhand.core.outcome import Completed, Outcome, Released, Retry
from millhand.core.problems import problems
from millhand.core.registry import Kind, Registry
from millhand.worker.executor.job_context import JobContext, Tools
from millhand.worker.messages import Run

MAX_RESULT = 1024 * 1024


class Runner:
    """Runs jobs of one registry in this process; plain handlers run on its threads."""

    def __init__(self, registry: Registry, tools: Tools, threads: Executor) -> None:
        self.tools = tools
        self._registry = registry
        self._threads = threads

    def context(self, run: Run, say: Callable[[Progress | LogLine], None]) -> JobContext:
        """The context of a new attempt; `say` hears its progress and its log lines."""
        hard = self._registry.get(run.kind).limits.hard if run.kind in self._registry else 0.0
        deadline = after(self.tools.clock.now(), hard)
        facts = JobFacts(
            run.job_id, run.kind, run.attempt, deadline, run.queue, run.tenant, run.headers, run.enqueued_at
        )
        return JobContext(facts, self.tools, say)

    async def outcome(self, run: Run, context: JobContext) -> Outcome:
        """Run the job; nothing that its handler raises escapes."""
        try:
            kind = _kind(self._registry, run.kind)
            args = _args(kind, run.args)
            result = await _call(kind, context, args, self._threads)
            return Completed(_result_json(result), tuple(context.artefacts), tuple(context.follow_ups))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - whatever a handler raises becomes a value here, SystemExit included
            return _stopped(context) if context.stop_reason else _raised(error)


def _raised(error: BaseException) -> Outcome:
    try:
        return outcome_of(error)
    except Exception as broken:  # noqa: BLE001 - an exception class of a handler may lack what it should have
        return Retry(failure_of(broken))


def _stopped(context: JobContext) -> Outcome:
    match context.stop_reason:
        case "soft limit":
            error = SoftLimitReached("the attempt ran longer than its soft time limit")
            return Retry(failure_of(error))
        case "cancelled":
            return outcome_of(JobCancelled("cancelled while it ran"))
        case reason:
            return Released(reason)


def _kind(registry: Registry, name: str) -> Kind:
    try:
        return registry.get(name)
    except NotFound as error:
        raise UnknownKind(f"no handler for the kind '{name}' in this worker") from error


def _args(kind: Kind, text: str) -> Args:
    try:
        return kind.args.model_validate_json(text)
    except ValidationError as error:
        raise InvalidArgs(f"arguments of {kind.name}: {problems(error, kind.args)}") from None


async def _call(kind: Kind, context: JobContext, args: Args, threads: Executor) -> Any:  # noqa: ANN401 - the handler's own
    loop = asyncio.get_running_loop()
    soft = kind.limits.soft
    timer = loop.call_later(soft, context.stop, "soft limit") if soft else None
    try:
        if not kind.is_async:
            result = await loop.run_in_executor(threads, _in_context(kind, context, args))
            return await _stoppable(result, context) if inspect.isawaitable(result) else result
        return await _stoppable(kind.function(context, args), context)
    finally:
        if timer is not None:
            timer.cancel()


async def _stoppable(running: Awaitable[Any], context: JobContext) -> Any:  # noqa: ANN401 - the handler's own
    context.task = task = asyncio.current_task()
    try:
        return await running
    finally:
        context.task = None
        # The task goes on with the next job, whose task groups and timeouts count cancellations.
        while task is not None and task.cancelling():
            task.uncancel()


def _in_context(kind: Kind, context: JobContext, args: Args) -> Callable[[], Any]:
    """The call of a plain handler, which sees the context variables of its run in its thread."""
    variables = contextvars.copy_context()

    def call() -> object:
        try:
            return variables.run(kind.function, context, args)
        except StopIteration as error:  # asyncio's futures can't hold it: the job would never end
            raise RuntimeError("the handler raised StopIteration") from error

    return call


def _result_json(result: Any) -> str | None:  # noqa: ANN401 - the handler's own
    if result is None:
        return None
    try:
        text = to_json(result, inf_nan_mode="null")
    except ValueError as error:
        raise Permanent(f"the handler's result can't be written as JSON: {error}", code="bad_result") from error
    if len(text) > MAX_RESULT:
        raise Permanent(
            f"the handler's result is {len(text)} bytes, more than {MAX_RESULT}",
            code="result_too_large",
            hint="Save it as an artefact and return its URL.",
        )
    return text.decode()
