"""Values that stand where nobody told anything else: what a service sets of the settings in place of their defaults."""

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel

from millhand.config.settings import DEFAULT_ORIGIN, Settings

ModelT = TypeVar("ModelT", bound=BaseModel)


def beneath(settings: Settings, values: Mapping[str, object], origin: str) -> Settings:
    """The settings with these values, by dotted names, where they had defaults; `origin` says where they come from.

    The values are taken as they are: they must be of the settings' own types.
    """
    taken = {name: value for name, value in values.items() if settings.origin(name) == DEFAULT_ORIGIN}
    return over(settings, taken, origin)


def over(settings: Settings, values: Mapping[str, object], origin: str) -> Settings:
    """The settings with these values, whatever was told before."""
    told = settings
    for name, value in values.items():
        told = _with(told, name.split("."), value)
    return told.with_origins({**settings.origins, **dict.fromkeys(values, origin)}, settings.file)


def _with(model: ModelT, path: list[str], value: object) -> ModelT:
    head, *rest = path
    changed = _with(getattr(model, head), rest, value) if rest else value
    return model.model_copy(update={head: changed})
