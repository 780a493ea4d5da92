"""Put the layers together: default < Amazon's profile < file < environment < flag. All mistakes are told at once."""

import difflib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from millhand.config.describe import describe, value_text
from millhand.config.settings import Settings
from millhand.config.sources import (
    Flag,
    Raw,
    chosen_file,
    from_environment,
    from_file,
    from_flags,
    from_others,
    from_profile,
    spelling,
)
from millhand.config.store_variables import S3_KEY, S3_TOKEN
from millhand.core.errors import ConfigError
from millhand.core.redact import redact_text

__all__ = ["Flag", "Row", "load", "rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as it is shown to people: secrets are masked."""

    name: str
    value: str
    origin: str


def load(
    *,
    file: Path | None = None,
    flags: Sequence[Flag] = (),
    environ: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Read all layers: the environment of this process and the working folder, unless others are given.

    Raises `ConfigError` with one line for each unknown name and each bad value.
    """
    variables = os.environ if environ is None else environ
    path = chosen_file(file, variables, folder or Path.cwd())
    layers = [
        list(layer)
        for layer in (
            from_profile(variables),
            from_file(path) if path else (),
            from_others(variables),
            from_environment(variables),
            from_flags(flags),
        )
    ]
    _refuse_unknown(raw for layer in layers for raw in layer)
    winners = _winners(layers)
    winners |= _derived(winners)
    return _settings(winners).with_origins({raw.name: raw.origin for raw in winners.values()}, path)


def rows(settings: Settings) -> list[Row]:
    """Every setting with its value and origin, in the order of the reference."""
    return [
        Row(fact.name, redact_text(value_text(_look_up(settings, fact.name))), settings.origin(fact.name))
        for fact in describe()
    ]


def _winners(layers: Iterable[Iterable[Raw]]) -> dict[str, Raw]:
    """The last value of each setting; but a session token is of no use to another key than the one beside it."""
    winners: dict[str, Raw] = {}
    for layer in layers:
        values = {raw.name: raw for raw in layer}
        (winners if S3_KEY in values else values).pop(S3_TOKEN, None)
        winners |= values
    return winners


def _derived(winners: Mapping[str, Raw]) -> dict[str, Raw]:
    """The database goes where the data goes, unless it was given a place of its own."""
    if "data_dir" not in winners or "database" in winners:
        return {}
    folder = Path(str(winners["data_dir"].value)).as_posix()
    return {"database": Raw("database", f"sqlite:///{folder}/millhand.db", "data_dir")}


def _settings(winners: Mapping[str, Raw]) -> Settings:
    try:
        return Settings.model_validate(_nested(winners.values()))
    except ValidationError as error:
        problems = [_problem(details, winners) for details in error.errors(include_url=False)]
        raise ConfigError("\n".join(problems), hint="Correct the value; `millhand config show` lists all.") from None


def _nested(raws: Iterable[Raw]) -> dict[str, object]:
    tree: dict[str, object] = {}
    for raw in raws:
        *groups, leaf = raw.name.split(".")
        node = tree
        for group in groups:
            node = cast("dict[str, object]", node.setdefault(group, {}))
        node[leaf] = raw.value
    return tree


def _problem(details: ErrorDetails, winners: Mapping[str, Raw]) -> str:
    place = [str(part) for part in details["loc"]]
    raw = next(raw for raw in winners.values() if raw.name.split(".") == place[: raw.name.count(".") + 1])
    message = details["msg"].removeprefix("Value error, ").removeprefix("Input ")
    secret = next(fact.secret for fact in describe() if fact.name == raw.name)
    value = "the value" if secret else redact_text(repr(raw.value))
    return f"{raw.origin}: {spelling(raw, raw.name)}: {value}: {message}"


def _refuse_unknown(found: Iterable[Raw]) -> None:
    known = {fact.name for fact in describe()}
    unknown = [raw for raw in found if raw.name not in known]
    if unknown:
        problems = [f"{raw.origin}: there is no setting '{spelling(raw, raw.name)}'" for raw in unknown]
        raise ConfigError("\n".join(problems), hint=_suggestions(unknown, known))


def _suggestions(unknown: Iterable[Raw], known: set[str]) -> str:
    meant = [spelling(raw, name) for raw in unknown if (name := _nearest(raw.name, known))]
    words = " or ".join(f"'{name}'" for name in dict.fromkeys(meant))
    return f"Did you mean {words}?" if words else "`millhand config show` lists all settings."


def _nearest(name: str, known: set[str]) -> str:
    """The known name that looks most like it, or one that differs by its group alone."""
    leaf = name.rpartition(".")[2]
    same_leaf = sorted(each for each in known if each.rpartition(".")[2] == leaf)
    close = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    by_leaf = difflib.get_close_matches(leaf, sorted({each.rpartition(".")[2] for each in known}), n=1, cutoff=0.75)
    others = sorted(each for each in known if by_leaf and each.rpartition(".")[2] == by_leaf[0])
    return next(iter([*close, *same_leaf, *others]), "")


def _look_up(settings: Settings, name: str) -> object:
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value
