"""The settings as data: names, types, defaults and meaning, for the loader and for the reference page."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal, cast, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from millhand.config.settings import Settings
from millhand.config.store_variables import STORE_VARIABLES
from millhand.config.units import Unit

ENV_PREFIX = "MILLHAND_"
ENV_ALIASES = {"DATABASE_URL": "database", **STORE_VARIABLES}
"""Environment names of others that we read too; ours win over them."""

_TYPES: dict[object, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
}


@dataclass(frozen=True, slots=True)
class SettingFacts:
    """One setting: its dotted name, its environment variable, its type and default in words, and what it does.

    `aliases` are the names that other programs have for it in the environment.
    """

    name: str
    env: str
    type: str
    default: str
    help: str
    secret: bool = False
    aliases: tuple[str, ...] = ()


def describe() -> tuple[SettingFacts, ...]:
    """Every setting, in the order of the groups."""
    return tuple(facts_of(name, env_name(name), field) for name, field in leaves(Settings))


def leaves(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Each single setting below a model, by its dotted name."""
    for name, field in model.model_fields.items():
        group = group_of(field)
        if group is None:
            yield f"{prefix}{name}", field
        else:
            yield from leaves(group, f"{prefix}{name}.")


def group_of(field: FieldInfo) -> type[BaseModel] | None:
    """The model of a field that is a group of settings."""
    kind = field.annotation
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def env_name(name: str) -> str:
    """The environment variable of a setting: `http.port` is `MILLHAND_HTTP__PORT`."""
    return ENV_PREFIX + name.replace(".", "__").upper()


def value_text(value: object) -> str:
    """A value in words, as it could be written in the environment; a secret is never shown."""
    if isinstance(value, SecretStr):
        return "•••" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ",".join(value_text(item) for item in cast("tuple[object, ...]", value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.6f}".rstrip("0").rstrip(".")
    return str(value)


def _choices(kind: object) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(choice) for choice in get_args(kind)]
    return [str(choice) for choice in kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []


def facts_of(name: str, env: str, field: FieldInfo) -> SettingFacts:
    """What there is to know of a setting that is a field of a model; `env` is its environment variable."""
    return SettingFacts(
        name=name,
        env=env,
        type=_type_text(field),
        default=value_text(field.default),
        help=field.description or "",
        secret=field.annotation is SecretStr,
        aliases=tuple(variable for variable, setting in ENV_ALIASES.items() if setting == name),
    )


def _type_text(field: FieldInfo) -> str:
    unit = next((mark for mark in field.metadata if isinstance(mark, Unit)), None)
    if unit is not None:
        return unit.name
    if choices := _choices(field.annotation):
        return f"one of {', '.join(choices)}"
    return _TYPES.get(field.annotation, "text")
