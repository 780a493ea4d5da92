"""Make a job to send from typed arguments and the rules of their kind."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from millhand.core.clock import Clock, after
from millhand.core.errors import UsageError
from millhand.core.job import DEFAULT_TENANT, OWN, Args, NewJob
from millhand.core.registry import Registry
from millhand.core.retry import LONGEST_WAIT, RetryPolicy

LONGEST_NAME = 800
"""The longest name of a queue, tenant, kind or key, in bytes of UTF-8: an index of PostgreSQL holds three of them."""

_HIGHEST_PRIORITY = 2**31 - 2


class SendOptions(NamedTuple):
    """How to send a job: everything but its arguments. `delay` is in seconds; a `queue` of None is the kind's own."""

    queue: str | None = None
    tenant: str = DEFAULT_TENANT
    delay: float = 0.0
    priority: int = 0
    key: str | None = None
    limit_key: str | None = None
    parent_id: str | None = None
    headers: Mapping[str, str] = {}


class JobMaker:
    """Makes jobs, with ids from the clock and caps from the kinds of a registry."""

    def __init__(self, registry: Registry, clock: Clock) -> None:
        self._registry = registry
        self._clock = clock

    def make(self, args: Args, options: SendOptions) -> NewJob:
        """A job with these arguments; raises `UsageError` for arguments without a kind or an impossible option."""
        return self.make_all([args], options)[0]

    def make_all(self, many: Sequence[Args], options: SendOptions) -> list[NewJob]:
        """A job for each of these arguments; raises as `make` does."""
        _check(options)
        models = {type(args) for args in many}
        shared = {model: self._pattern(model, options)[OWN:] for model in models}
        # What `model_dump_json` calls, which takes three times as long over the options that it has.
        json = {model: model.__pydantic_serializer__.to_json for model in models}
        ids = self._clock.new_ids(len(many))
        return [
            NewJob._make((job_id, json[type(args)](args).decode(), *shared[type(args)]))
            for job_id, args in zip(ids, many, strict=True)
        ]

    def _policy(self, model: type[Args]) -> RetryPolicy:
        kind = model.kind
        if not kind:
            raise UsageError(f"{model.__name__} has no kind", hint=f'Write `class {model.__name__}(Args, kind="…")`.')
        _check_name(kind)
        return self._registry.get(kind).retry if kind in self._registry else RetryPolicy()

    def _pattern(self, model: type[Args], options: SendOptions) -> NewJob:
        """What the jobs with arguments of one model have in common: all but their ids and their arguments."""
        policy = self._policy(model)
        return NewJob(
            id="",
            args="",
            kind=model.kind,
            queue=options.queue or model.queue,
            tenant=options.tenant,
            headers=options.headers,
            priority=options.priority,
            run_at=after(self._clock.now(), options.delay) if options.delay else 0,
            key=options.key,
            limit_key=options.limit_key,
            max_attempts=policy.max_attempts,
            max_crashes=policy.max_crashes,
            parent_id=options.parent_id,
        )


def _check(options: SendOptions) -> None:
    if not 0 <= options.delay <= LONGEST_WAIT:
        raise UsageError(f"a delay must be 0 to {LONGEST_WAIT:.0f} s, not {options.delay:g} s")
    for name in (options.queue, options.tenant, options.key, options.limit_key):
        _check_name(name or "")
    if abs(options.priority) > _HIGHEST_PRIORITY:
        raise UsageError(f"{options.priority} is no priority", hint="Use a number that 32 bits can hold.")


def _check_name(name: str) -> None:
    if len(name.encode(errors="replace")) > LONGEST_NAME:
        raise UsageError(
            f"'{name[:30]}…' is too long for the name of a queue, a tenant, a kind or a key",
            hint=f"Use up to {LONGEST_NAME} bytes; of a long text, use a hash.",
        )
