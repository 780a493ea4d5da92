"""What a handler hands out beside its result, such as the fields of a log line, as values that JSON can hold."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json


def as_json(fields: Mapping[str, object]) -> dict[str, Any]:
    """The same fields; what JSON can't hold is written in words, so that no message is lost for it."""
    return {name: _value(value) for name, value in fields.items()}


def _value(value: object) -> Any:  # noqa: ANN401 - any JSON value
    if value is None or isinstance(value, (str, int)):
        return value
    try:
        # As deep as it lies in a message: readers end at some depth.
        [[[[[[plain]]]]]] = from_json(to_json([[[[[[value]]]]]], fallback=str, inf_nan_mode="strings"))
    except (ValueError, RecursionError):
        return repr(value)
    return plain
