"""Forms from the schemas of arguments, and the arguments that filled forms mean."""

from typing import Literal

import pytest
from pydantic import BaseModel

from millhand import Args
from millhand.core.errors import InvalidArgs
from millhand.web.dashboard.fields import Field, arguments, fields_of, filled


class _Options(BaseModel):
    quality: int = 90
    level: Literal["1b", "2b"] | None = None


class _Print(Args, kind="test.print"):
    source: str
    copies: int = 1
    colour: bool = True
    scale: float | None = None
    tags: tuple[str, ...] = ()
    options: _Options = _Options()


def _fields(**values: object) -> dict[str, Field]:
    return {one.name: one for one in fields_of(_Print.model_json_schema(), values)}


def _shown(fields: dict[str, Field]) -> dict[str, str]:
    """What a browser sends of an untouched form."""
    return {name: one.value for name, one in fields.items() if one.form != "check" or one.value == "true"}


def test_every_argument_has_its_field() -> None:
    fields = _fields()
    assert {name: one.form for name, one in fields.items()} == {
        "source": "text",
        "copies": "integer",
        "colour": "check",
        "scale": "number",
        "tags": "json",
        "options.quality": "integer",
        "options.level": "choice",
    }
    assert fields["source"].required
    assert fields["source"].takes_file
    assert fields["options.level"].choices == ["1b", "2b"]
    assert (fields["copies"].value, fields["colour"].value, fields["options.quality"].value) == ("1", "true", "90")


def test_an_untouched_form_sends_what_is_required_and_nothing_else() -> None:
    fields = _fields()
    form = {**_shown(fields), "source": "file:///a.docx"}
    assert arguments(tuple(fields.values()), form, {}) == {"source": "file:///a.docx"}


def test_what_is_filled_in_becomes_typed_arguments() -> None:
    fields = _fields()
    form = {"source": "a", "copies": "3", "scale": "1.5", "tags": '["x"]', "options.level": "2b"}
    values = arguments(tuple(fields.values()), form, {})
    assert values == {
        "source": "a",
        "copies": 3,
        "colour": False,
        "scale": 1.5,
        "tags": ["x"],
        "options": {"level": "2b"},
    }
    assert _Print.model_validate(values).options.level == "2b"


def test_a_repetition_keeps_what_was_not_touched_also_what_is_hidden() -> None:
    before = {"source": "https://ann:secret@host/a", "copies": 2, "scale": 2.0}
    fields = _fields(**{**before, "source": "https://***@host/a"})
    form = {**_shown(fields), "copies": "5", "scale": ""}
    assert arguments(tuple(fields.values()), form, before) == {"source": before["source"], "copies": 5}


def test_what_can_not_be_read_is_refused_and_stays_in_the_form() -> None:
    fields = tuple(_fields().values())
    with pytest.raises(InvalidArgs, match="tags"):
        arguments(fields, {"source": "a", "tags": "[oh"}, {})
    assert {one.name: one.value for one in filled(fields, {"source": "a", "tags": "[oh"})}["tags"] == "[oh"
