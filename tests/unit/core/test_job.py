"""Arguments, their kinds, and the numbers of attempts."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from millhand.core.errors import ConfigError
from millhand.core.job import DEFAULT_QUEUE, Args
from millhand.core.resource import resource
from millhand.core.secret import Secret
from tests.unit.core.makers import delivery


class Base(Args, kind="test.base", queue="slow"):
    """A kind."""

    number: int


class Special(Base):
    """The same kind, with more."""

    extra: str = ""


class Login(Args, kind="test.login"):
    """A kind with a secret."""

    password: Secret


def test_kind_and_queue_come_from_the_class_line_and_are_inherited() -> None:
    assert (Base.kind, Base.queue) == ("test.base", "slow")
    assert (Special.kind, Special.queue) == ("test.base", "slow")
    assert (Args.kind, Args.queue) == ("", DEFAULT_QUEUE)


@pytest.mark.parametrize("name", ["", ".", "a..b", "a b", "a/b", "a.", "ä b"])
def test_a_kind_needs_a_dotted_name(name: str) -> None:
    with pytest.raises(ConfigError, match="no name for a kind"):
        type("Wrong", (Args,), {}, kind=name)


@pytest.mark.parametrize("name", ["a", "document.convert", "a-b.c_d", "v2.x"])
def test_names_of_kinds(name: str) -> None:
    assert type("Right", (Args,), {}, kind=name).kind == name


def test_arguments_are_frozen_and_refuse_unknown_fields() -> None:
    with pytest.raises(ValidationError):
        Base.model_validate({"number": 1, "nubmer": 2})
    with pytest.raises(ValidationError):
        Base(number=1).number = 2


def test_a_class_may_set_options_of_its_model() -> None:
    loose = type("Loose", (Args,), {}, kind="test.loose", extra="allow")
    assert loose.model_validate({"any": 1}).model_dump() == {"any": 1}


def test_a_secret_travels_in_clear_and_shows_masked() -> None:
    login = Login(password=SecretStr("topsecret"))
    assert "topsecret" not in repr(login)
    assert Login.model_validate_json(login.model_dump_json()).password.get_secret_value() == "topsecret"


def test_attempts_are_numbered_over_failures_and_crashes() -> None:
    assert [delivery(failures=f, crashes=c).attempt for f, c in ((0, 0), (1, 0), (2, 3))] == [1, 2, 6]


def test_two_resources_of_one_opener_are_two() -> None:
    def opener(folder: Path) -> AbstractContextManager[Path]:
        return nullcontext(folder)

    assert resource(opener) != resource(opener)
    with resource(opener).opener(Path("here")) as opened:
        assert opened == Path("here")
