"""What a service is told: environment variables with the names that its source has, and files that hold such."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from millhand.config.describe import SettingFacts, facts_of, leaves, value_text
from millhand.config.load import Row
from millhand.core.errors import ConfigError, UsageError
from millhand.core.redact import redact_text

_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTES = "\"'"


class ServiceSettings(BaseModel):
    """The variables of one service: the field `api_url` is `API_URL`. An empty variable is one that is not there.

    Where its source has a file of variables in its folder, `env_file` names it: it counts if it is in the working
    folder, beneath the environment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    env_file: ClassVar[str] = ""

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> Self:
        """The variables of this process, unless others are given; raises `ConfigError` with a line for each bad one."""
        variables = cls._around() if environ is None else environ
        told = {name: variables[name.upper()] for name in cls.model_fields if variables.get(name.upper())}
        try:
            return cls.model_validate(told)
        except ValidationError as error:
            problems = [_problem(str(item["loc"][0]).upper(), item["msg"]) for item in error.errors(include_url=False)]
            raise ConfigError("\n".join(problems), hint="Correct the variable, or leave it out.") from None

    @classmethod
    def describe(cls) -> tuple[SettingFacts, ...]:
        """Every variable, in the order of the model."""
        return tuple(facts_of(name, name.upper(), field) for name, field in leaves(cls))

    @classmethod
    def _around(cls) -> Mapping[str, str]:
        """The environment, with the file beneath it."""
        file = Path(cls.env_file or ".")
        told = {name: value for name, value in os.environ.items() if value}
        return {**variables_of_file(file), **told} if file.is_file() else told

    def rows(self) -> list[Row]:
        """Every variable with its value, and whether it was told; secrets are masked."""
        return [self._row(fact) for fact in self.describe()]

    def _row(self, fact: SettingFacts) -> Row:
        value: Any = getattr(self, fact.name)
        return Row(fact.env, redact_text(value_text(value)), self._origin(fact))

    def _origin(self, fact: SettingFacts) -> str:
        if fact.name not in self.model_fields_set:
            return "default"
        return self.env_file if self.env_file and not os.environ.get(fact.env) else f"environment {fact.env}"


def variables_of_file(path: Path) -> dict[str, str]:
    """The variables of a file as Docker and dotenv read it: `NAME=value` lines, `#` comments, quotes around values.

    Raises `UsageError`, naming the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} can't be read: {error}", hint="Check the path of the file.") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise UsageError(f"{path}:{number}: this is no variable", hint="Write NAME=value, one a line.")
        found[match[1]] = _value(match[2])
    return found


def _value(text: str) -> str:
    if text[:1] in _QUOTES and text[:1] and (end := text.find(text[0], 1)) > 0:
        return text[1:end]
    return text.partition(" #")[0].strip()


def _problem(name: str, message: str) -> str:
    return f"environment {name}: {message.removeprefix('Value error, ').removeprefix('Input ')}"
