"""Which handler does which kind of job: filled by `@registry.handler`, merged by `include`."""

import inspect
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_type_hints, overload

from millhand.core.context import Context
from millhand.core.errors import ConfigError, NotFound
from millhand.core.job import Args, ArgsT
from millhand.core.limits import Limits
from millhand.core.retry import RetryPolicy

ResultT = TypeVar("ResultT")
_CONTEXT_AND_ARGS = 2

HandlerFunction = Callable[[Context, ArgsT], Awaitable[ResultT] | ResultT]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of job: its name, the model of its arguments, the function that does it, and its rules."""

    name: str
    args: type[Args]
    function: Callable[[Context, Any], Any]
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    limits: Limits = field(default_factory=Limits)
    is_async: bool = field(init=False)
    """Whether the handler runs on the executor's loop rather than in a thread."""

    def __post_init__(self) -> None:
        """Look at the function once, not at each run."""
        object.__setattr__(self, "is_async", inspect.iscoroutinefunction(self.function))

    @property
    def summary(self) -> str:
        """The first line of the handler's docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]


class Registry:
    """A set of kinds."""

    def __init__(self) -> None:
        self._kinds: dict[str, Kind] = {}

    @overload
    def handler(self, function: HandlerFunction[ArgsT, ResultT], /) -> HandlerFunction[ArgsT, ResultT]: ...

    @overload
    def handler(
        self, /, *, retry: RetryPolicy | None = None, limits: Limits | None = None
    ) -> Callable[[HandlerFunction[ArgsT, ResultT]], HandlerFunction[ArgsT, ResultT]]: ...

    def handler(
        self,
        function: HandlerFunction[Any, Any] | None = None,
        /,
        *,
        retry: RetryPolicy | None = None,
        limits: Limits | None = None,
    ) -> Any:
        """Register a function as the handler of the kind that its second parameter's type names.

        Used bare or with rules: `@registry.handler(retry=..., limits=...)`. Raises `ConfigError` if the parameter is
        not an `Args` with a kind, or if the kind has a handler already.
        """
        if function is not None:
            self._add(function, RetryPolicy(), Limits())
            return function

        def register(decorated: HandlerFunction[Any, Any]) -> HandlerFunction[Any, Any]:
            self._add(decorated, retry or RetryPolicy(), limits or Limits())
            return decorated

        return register

    def include(self, other: "Registry") -> None:
        """Take over all kinds of another registry."""
        for kind in other:
            self._put(kind)

    def get(self, name: str) -> Kind:
        """The kind of that name; raises `NotFound`, naming the known ones."""
        try:
            return self._kinds[name]
        except KeyError:
            known = ", ".join(sorted(self._kinds)) or "none"
            raise NotFound(
                f"there is no kind '{name}'",
                code="unknown_kind",
                hint=f"Known kinds: {known}.",
            ) from None

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._kinds.values())

    def _add(self, function: HandlerFunction[Any, Any], retry: RetryPolicy, limits: Limits) -> None:
        args = _args_type(function)
        self._put(Kind(args.kind, args, function, retry, limits))

    def _put(self, kind: Kind) -> None:
        present = self._kinds.get(kind.name)
        if present is not None and present.function is not kind.function:
            raise ConfigError(
                f"the kind '{kind.name}' has two handlers",
                hint="Give one of them another kind.",
            )
        self._kinds[kind.name] = kind


def _args_type(function: HandlerFunction[Any, Any]) -> type[Args]:
    name = getattr(function, "__qualname__", repr(function))
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != _CONTEXT_AND_ARGS:
        raise ConfigError(
            f"handler {name} must take (ctx, args)",
            hint="Write `async def name(ctx: Context, args: YourArgs)`.",
        )
    annotation = _annotations(function, name).get(parameters[1].name)
    if not (isinstance(annotation, type) and issubclass(annotation, Args) and annotation.kind):
        raise ConfigError(
            f"handler {name}: its second parameter must be annotated with an Args that has a kind",
            hint='Define `class YourArgs(Args, kind="area.verb")` and annotate the parameter with it.',
        )
    return annotation


def _annotations(function: HandlerFunction[Any, Any], name: str) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except (NameError, TypeError) as error:
        raise ConfigError(
            f"handler {name}: its annotations can't be read: {error}",
            hint="Write a function, and import the names of its annotations outside `if TYPE_CHECKING:`.",
        ) from error
