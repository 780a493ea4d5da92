"""The text fields of a form, read by Gotenberg's rules: what is empty counts as absent, what is unknown is ignored."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from millhand.web.problems import Refused

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})  # Go's strconv.ParseBool
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_IDLE = frozenset({"", *_FALSE, "[]", "{}", "null"})
_DURATION = re.compile(r"\+?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+")
_STEP = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3_600.0}


def invalid(what: str) -> Refused:
    """The error for a form that can't be understood, in the words that Gotenberg begins with."""
    return Refused(400, f"Invalid form data: {what}", code="invalid_request")


class Fields:
    """Reads fields; each reader raises `Refused` (400) for a value that it can't read."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def text(self, name: str, default: str = "") -> str:
        """A text."""
        return self._texts.get(name) or default

    def needed(self, name: str) -> str:
        """A text that must be there."""
        if not (found := self.text(name)):
            raise invalid(f"form field '{name}' is required")
        return found

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Yes or no."""
        found = self.text(name)
        if found and found not in _TRUE | _FALSE:
            raise self._unreadable(name, "true or false")
        return found in _TRUE if found else default

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number within bounds; None if it is absent."""
        found = self.text(name)
        if not found:
            return None
        if not re.fullmatch(r"-?\d{1,9}", found) or not least <= int(found) <= most:
            raise self._unreadable(name, f"a whole number from {least} to {most}")
        return int(found)

    def number(self, name: str, default: float) -> float:
        """A number that is not negative."""
        found = self.text(name)
        if not found:
            return default
        if not re.fullmatch(r"\d{1,9}(\.\d*)?|\.\d+", found):
            raise self._unreadable(name, "a number")
        return float(found)

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        """One of some words."""
        found, known = self.text(name, default), list(choices)
        if found not in known:
            raise self._unreadable(name, " or ".join(f"'{each}'" for each in known if each))
        return found

    def seconds(self, name: str) -> float:
        """A duration as Go writes it, such as `500ms` or `1m2.5s`, in seconds; 0 if it is absent."""
        found = self.text(name)
        if found in ("", "0"):
            return 0.0
        if not _DURATION.fullmatch(found):
            raise self._unreadable(name, "a duration such as 500ms or 2s")
        return sum(float(number) * _SECONDS[unit] for number, unit in _STEP.findall(found))

    def json(self, name: str, kind: type) -> Any:  # noqa: ANN401 - any JSON of that kind
        """A JSON value of this Python type; the empty one if it is absent."""
        found = self.text(name)
        if not found:
            return kind()
        try:
            value = json.loads(found)
        except ValueError:
            value = None
        if not isinstance(value, kind):
            raise self._unreadable(name, "a JSON array" if kind is list else "a JSON object")
        return value

    def refuse(self, reasons: Mapping[str, str]) -> None:
        """Turn away a form that asks for what can't be done here: fields by name, or by the start of it and a `*`."""
        for name, value in self._texts.items():
            why = reasons.get(name) or next(
                (told for start, told in reasons.items() if start.endswith("*") and name.startswith(start[:-1])), None
            )
            if why is not None and value not in _IDLE:
                raise invalid(f"form field '{name}' is known and can't be done here: {why}")

    def _unreadable(self, name: str, wanted: str) -> Refused:
        return invalid(f"form field '{name}' is invalid (got '{self._texts[name][:200]}', expected {wanted})")
