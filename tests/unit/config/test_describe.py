"""The settings as data."""

import re

import pytest

from millhand.config import Settings, describe, load
from millhand.config.machine import cores, quota_of


def test_every_setting_is_described() -> None:
    facts = describe()
    assert len({fact.name for fact in facts}) == len(facts) > 30
    for fact in facts:
        assert re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)*", fact.name)
        assert fact.help.endswith("."), fact.name
        assert fact.type


def test_names_types_and_defaults_are_in_words() -> None:
    facts = {fact.name: fact for fact in describe()}
    assert facts["http.port"].env == "MILLHAND_HTTP__PORT"
    assert (facts["http.port"].type, facts["http.port"].default) == ("whole number", "8450")
    assert (facts["worker.lease"].type, facts["worker.lease"].default) == ("seconds", "15")
    assert facts["durability"].type == "one of full, normal"
    assert facts["log.level"].type == "one of debug, info, warning, error"
    assert facts["blob_roots"].type == "list of paths"
    assert facts["libreoffice.fork_server"].type == "true or false"
    assert facts["http.key"].secret


def test_a_default_written_into_the_environment_is_that_default() -> None:
    environ = {fact.env: fact.default for fact in describe()}
    assert load(environ=environ).model_dump() == Settings().model_dump()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("max 100000\n", None), ("200000 100000\n", 2), ("150000 100000", 2), ("1000 100000", 1), ("", None)],
)
def test_the_quota_of_a_container(text: str, expected: int | None) -> None:
    assert quota_of(text) == expected


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
