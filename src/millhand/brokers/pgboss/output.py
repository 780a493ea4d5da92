"""What a settled job leaves in `output`, in the shape that pg-boss' own client gives it."""

import json
from typing import Any

from millhand.core.failure import Failure

_NUL = "\\u0000"
_LONGEST_STACK = 8_000


def of_result(result: str | None) -> str | None:
    """A result in JSON: an object stays as it is, anything else goes under `value`, and nothing stays nothing."""
    if result is None:
        return None
    content = _without_nul(json.loads(result)) if _NUL in result else json.loads(result)
    if content is None:
        return None
    return json.dumps(content if isinstance(content, dict) else {"value": content}, ensure_ascii=False)


def of_failure(failure: Failure | None) -> str | None:
    """A failure, like an error of JavaScript: name, message and stack, and what we know beside."""
    if failure is None:
        return None
    content = {
        "name": failure.type,
        "message": failure.message,
        "stack": failure.traceback[-_LONGEST_STACK:],
        "code": failure.code,
        "hint": failure.hint,
    }
    return json.dumps({name: _without_nul(text) for name, text in content.items() if text}, ensure_ascii=False)


def of_words(words: str) -> str:
    """What pg-boss' supervision says of a job that it takes away."""
    return json.dumps({"value": {"message": words}})


def _without_nul(content: Any) -> Any:  # noqa: ANN401 - any JSON
    """PostgreSQL's JSON can't hold NUL; the sign for what can't be shown takes its place."""
    match content:
        case str():
            return content.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {_without_nul(key): _without_nul(value) for key, value in content.items()}  # pyright: ignore[reportUnknownVariableType] - any JSON
        case list():
            return [_without_nul(each) for each in content]  # pyright: ignore[reportUnknownVariableType] - any JSON
        case _:
            return content
