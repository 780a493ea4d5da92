"""What is wrong with the arguments of a job, in words for people."""

import difflib
from collections.abc import Iterable

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

_PYDANTICS_OWN = ("Value error, ", "Input ")


def problems(error: ValidationError, model: type[BaseModel]) -> str:
    """Say in one line what `model` found wrong, without repeating values, which may be secret."""
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(_problem(details, model) for details in found)


def _problem(details: ErrorDetails, model: type[BaseModel]) -> str:
    place = [str(part) for part in details["loc"]]
    match details["type"]:
        case "json_invalid":
            return f"this is no JSON: {details['msg'].removeprefix('Invalid JSON: ')}"
        case "extra_forbidden":
            near = difflib.get_close_matches(place[-1], _names(model, place[:-1]), n=1)
            return f"{'.'.join(place)}: there is no such field{f'; did you mean {near[0]}?' if near else ''}"
        case "missing":
            return f"{'.'.join(place)}: it is missing"
        case _:
            return f"{'.'.join(place) or 'arguments'}: {_plain(details['msg'])}"


def _names(model: type[BaseModel], place: Iterable[str]) -> list[str]:
    """The names of the fields of a model, or of the one that stands at a place inside it."""
    for part in place:
        field = model.model_fields.get(part)
        inner = field.annotation if field is not None else None
        if not (isinstance(inner, type) and issubclass(inner, BaseModel)):
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _plain(message: str) -> str:
    for prefix in _PYDANTICS_OWN:
        message = message.removeprefix(prefix)
    return message[:1].lower() + message[1:]
