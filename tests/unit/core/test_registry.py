"""Which function does which kind, and what is refused when it is declared."""

import functools
from typing import TYPE_CHECKING, Any

import pytest

from millhand.core.context import Context
from millhand.core.errors import ConfigError, NotFound
from millhand.core.job import Args
from millhand.core.limits import Limits
from millhand.core.registry import Registry
from millhand.core.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Sequence


class Bake(Args, kind="test.bake"):
    """Bake."""


class Kindless(Args):
    """Nothing."""


async def bake(ctx: Context, args: Bake) -> str:
    """Bake a cake.

    It takes an hour.
    """
    return "cake"


def bake_plainly(ctx: Context, args: Bake) -> str:
    return "bread"


@pytest.fixture
def registry() -> Registry:
    return Registry()


def test_a_bare_handler_has_the_usual_rules(registry: Registry) -> None:
    assert registry.handler(bake) is bake
    kind = registry.get("test.bake")
    assert (kind.args, kind.function, kind.retry, kind.limits) == (Bake, bake, RetryPolicy(), Limits())
    assert (kind.is_async, kind.summary) == (True, "Bake a cake.")


def test_a_handler_with_rules(registry: Registry) -> None:
    rules = {"retry": RetryPolicy(max_attempts=1), "limits": Limits(hard=5)}
    assert registry.handler(**rules)(bake_plainly) is bake_plainly
    kind = registry.get("test.bake")
    assert (kind.retry, kind.limits) == (rules["retry"], rules["limits"])
    assert (kind.is_async, kind.summary) == (False, "")


def test_rules_may_be_left_out(registry: Registry) -> None:
    registry.handler()(bake)
    assert registry.get("test.bake").retry == RetryPolicy()


def test_two_handlers_for_one_kind_are_refused(registry: Registry) -> None:
    registry.handler(bake)
    registry.handler(bake)  # the same again is no contradiction
    with pytest.raises(ConfigError, match="two handlers"):
        registry.handler(bake_plainly)


def test_including_another_registry(registry: Registry) -> None:
    other = Registry()
    other.handler(bake)
    registry.include(other)
    registry.include(other)
    assert "test.bake" in registry
    assert [kind.name for kind in registry] == ["test.bake"]


def test_including_a_contradiction_is_refused(registry: Registry) -> None:
    other = Registry()
    other.handler(bake_plainly)
    registry.handler(bake)
    with pytest.raises(ConfigError):
        registry.include(other)


def test_an_unknown_kind_names_the_known_ones(registry: Registry) -> None:
    with pytest.raises(NotFound) as nothing:
        registry.get("test.bkae")
    assert (nothing.value.code, nothing.value.hint) == ("unknown_kind", "Known kinds: none.")
    registry.handler(bake)
    with pytest.raises(NotFound) as typo:
        registry.get("test.bkae")
    assert "test.bake" in typo.value.hint
    assert "test.bkae" not in registry


def takes_one(args: Bake) -> None: ...


def takes_three(ctx: Context, args: Bake, more: int) -> None: ...


def unannotated(ctx, args) -> None: ...  # noqa: ANN001 - the mistake


def wrong_type(ctx: Context, args: int) -> None: ...


def kindless(ctx: Context, args: Kindless) -> None: ...


def not_imported(ctx: Context, args: Bake, /) -> "Sequence[int]": ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (takes_one, r"takes_one must take \(ctx, args\)"),
        (takes_three, r"takes_three must take \(ctx, args\)"),
        (unannotated, "unannotated: its second parameter"),
        (wrong_type, "wrong_type: its second parameter"),
        (kindless, "kindless: its second parameter"),
        (not_imported, "not_imported: its annotations can't be read: name 'Sequence' is not defined"),
        (functools.partial(bake), "annotations can't be read"),
    ],
)
def test_a_function_that_is_no_handler_is_refused(registry: Registry, function: Any, message: str) -> None:  # noqa: ANN401 - a wrong one
    with pytest.raises(ConfigError, match=message) as refused:
        registry.handler(function)
    assert refused.value.hint
    assert not list(registry)
