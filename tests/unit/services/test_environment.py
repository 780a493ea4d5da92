"""Services read variables as their sources do, and say what is wrong with each."""

from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from millhand.core.errors import ConfigError, UsageError
from millhand.services.environment import ServiceSettings, variables_of_file


class Told(ServiceSettings):
    api_url: str = Field(default="http://localhost", description="Where the API is.")
    port: int = Field(default=80, ge=1, description="Its port.")
    api_key: SecretStr = Field(default=SecretStr(""), description="Its key.")


def test_a_variable_is_the_field_in_capitals() -> None:
    told = Told.read({"API_URL": "http://api", "PORT": "90", "OTHER": "x"})
    assert (told.api_url, told.port) == ("http://api", 90)


def test_an_empty_variable_is_not_there() -> None:
    assert Told.read({"API_URL": "", "PORT": ""}) == Told()


def test_every_bad_variable_is_named() -> None:
    with pytest.raises(ConfigError) as refused:
        Told.read({"PORT": "zero"})
    assert refused.value.message == (
        "environment PORT: should be a valid integer, unable to parse string as an integer"
    )


def test_values_are_told_with_their_origins_and_without_secrets() -> None:
    rows = Told.read({"API_URL": "http://ann:secret@api", "API_KEY": "s3cret"}).rows()
    assert [(row.name, row.value, row.origin) for row in rows] == [
        ("API_URL", "http://ann:•••@api", "environment API_URL"),
        ("PORT", "80", "default"),
        ("API_KEY", "•••", "environment API_KEY"),
    ]
    assert [(fact.env, fact.default, fact.secret) for fact in Told.describe()] == [
        ("API_URL", "http://localhost", False),
        ("PORT", "80", False),
        ("API_KEY", "", True),
    ]


def test_a_file_of_variables(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# for the worker\n\nAPI_URL=http://api:80/#top  # the API\nexport PORT = 90\nA='x # y' # z\nB=\"\"\nC=it's\n"
    )
    assert variables_of_file(file) == {
        "API_URL": "http://api:80/#top",
        "PORT": "90",
        "A": "x # y",
        "B": "",
        "C": "it's",
    }


def test_a_line_that_is_no_variable_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nnonsense\n")
    with pytest.raises(UsageError, match=r"\.env:2: this is no variable"):
        variables_of_file(file)
    with pytest.raises(UsageError, match="can't be read"):
        variables_of_file(tmp_path / "missing")
