"""The places settings come from: files, the environment, flags. Each gives raw values with their origins."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from millhand.config.aws_profile import profile_values
from millhand.config.describe import ENV_PREFIX, env_name
from millhand.config.store_variables import store_values
from millhand.core.errors import ConfigError

CONFIG_VARIABLE = "MILLHAND_CONFIG"
DEFAULT_FILE = "millhand.toml"

# Kubernetes sets such variables in every container beside a service that is called millhand.
_KUBERNETES = re.compile(r"MILLHAND_(SERVICE_(HOST|PORT)\w*|PORT(_\w+)?)")


@dataclass(frozen=True, slots=True)
class Raw:
    """One value as it was found, the name of its setting, and where it came from."""

    name: str
    value: object
    origin: str


@dataclass(frozen=True, slots=True)
class Flag:
    """A value given on the command line: the setting, the option's name, and the value; None if it was not given."""

    setting: str
    option: str
    value: object


def chosen_file(given: Path | None, environ: Mapping[str, str], folder: Path) -> Path | None:
    """The settings file to read: the given one, that of `MILLHAND_CONFIG`, or `millhand.toml` if it is there."""
    wanted = given or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if wanted is None:
        usual = folder / DEFAULT_FILE
        return usual if usual.is_file() else None
    return folder / wanted


def from_file(path: Path) -> Iterator[Raw]:
    """The values of a TOML file; raises `ConfigError` naming file and line."""
    text = _text(path)
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_message(path, str(error)), hint="The file must be TOML (https://toml.io).") from error
    lines = lines_of(text)
    for name, value in _flat(content):
        yield Raw(name, value, f"{path}:{lines.get(name, 1)}")


def from_profile(environ: Mapping[str, str]) -> Iterator[Raw]:
    """The values of Amazon's own settings files."""
    for setting, value, origin in profile_values(environ):
        yield Raw(setting, value, origin)


def from_others(environ: Mapping[str, str]) -> Iterator[Raw]:
    """The values of variables that were made for other programs."""
    if environ.get("DATABASE_URL"):
        yield Raw("database", environ["DATABASE_URL"], "environment DATABASE_URL")
    for setting, value, variable in store_values(environ):
        yield Raw(setting, value, f"environment {variable}")


def from_environment(environ: Mapping[str, str]) -> Iterator[Raw]:
    """The values of our own variables."""
    for variable, value in sorted(environ.items()):
        if variable.startswith(ENV_PREFIX) and variable != CONFIG_VARIABLE and not _KUBERNETES.fullmatch(variable):
            name = variable.removeprefix(ENV_PREFIX).replace("__", ".").lower()
            yield Raw(name, _listed(value), f"environment {variable}")


def from_flags(flags: Sequence[Flag]) -> Iterator[Raw]:
    """The values of the flags that were given."""
    for flag in flags:
        if flag.value is not None:
            yield Raw(flag.setting, flag.value, f"flag {flag.option}")


def spelling(raw: Raw, name: str) -> str:
    """How the setting `name` is written where `raw` came from."""
    return env_name(name) if raw.origin.startswith("environment ") else name


def lines_of(text: str) -> dict[str, int]:
    """The line of each dotted name in a valid TOML text.

    The standard parser tells no positions; but a name is on the line after the longest beginning of the text that is
    valid without it. Settings files are short enough for that.
    """
    rows = text.splitlines(keepends=True)
    found: dict[str, int] = {}
    begin = 1
    for end in range(1, len(rows) + 1):
        try:
            content = tomllib.loads("".join(rows[:end]))
        except tomllib.TOMLDecodeError:
            continue  # inside a value of several lines
        for name, _ in _flat(content):
            found.setdefault(name, begin)
        begin = end + 1
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")  # editors on Windows put a mark in front
    except FileNotFoundError as error:
        raise ConfigError(
            f"there is no settings file {path}", hint=f"Check --config and {CONFIG_VARIABLE}, or leave both out."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the file is not UTF-8 text") from error
    except OSError as error:
        raise ConfigError(f"{path}: the file can't be read: {error.strerror}") from error


def _syntax_message(path: Path, message: str) -> str:
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    words = message.partition(" (at ")[0]
    return f"{path}:{place[1]}:{place[2]}: {words}" if place else f"{path}: {message}"


def _flat(content: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, object]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(cast("Mapping[str, object]", value), f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _listed(value: str) -> object:
    """A list may be written as JSON, for items that have commas."""
    if not value.startswith("["):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value
