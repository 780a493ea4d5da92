"""Which files are jobs: from the pattern of a key to a kind with its arguments, and to the key of the result."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl

from millhand.core.errors import ConfigError

DOCUMENTS = "to-convert/{id}.docx -> document.convert -> converted/{id}.pdf"
"""The route of a document server: what is taken where a broker's URL names none."""

_EXAMPLE = f"Write it as PATTERN -> KIND -> OUTPUT, for example {DOCUMENTS}"
_FIELD = re.compile(r"\{(\w+)\}")
_GIVEN = frozenset({"input", "output"})
_RESERVED = ("jobs", "failed", ".millhand")

_UNFINISHED = re.compile(
    r"\.|~|.*\.(tmp|temp|part|partial|filepart|crdownload|download|swp|bak)$|.*~$|(thumbs\.db|desktop\.ini)$",
    re.IGNORECASE,
)
"""Names that programs give to what is not there for others: hidden, locked (`~$letter.docx`), still being written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Files of one pattern, and what becomes of them.

    In `pattern` a field such as `{id}` stands for a part of a name, `{path}` for folders as well. `args` are the kind's
    arguments; in them, and in `output`, fields stand for what they matched, `{input}` and `{output}` for URLs. Where no
    argument names the output, the handler's result is written there as JSON.
    """

    pattern: str
    kind: str
    output: str = ""
    args: Mapping[str, str] = field(default_factory=dict[str, str])
    max_attempts: int = 5
    max_crashes: int = 3

    @classmethod
    def parse(cls, text: str, *, max_attempts: int = 5, max_crashes: int = 3) -> Self:
        """Read `PATTERN -> KIND?ARGUMENT={input}&… -> OUTPUT`; raises `ConfigError`."""
        pattern, kind, output = _three(text)
        kind, _, query = kind.partition("?")
        usual = {"source": "{input}", "target": "{output}"} if output else {"source": "{input}"}
        route = cls(
            pattern=pattern,
            kind=kind,
            output=output,
            args=dict(parse_qsl(query, keep_blank_values=True)) or usual,
            max_attempts=max_attempts,
            max_crashes=max_crashes,
        )
        route.check()
        return route

    @property
    def folder(self) -> str:
        """The folder to look into."""
        return self.pattern[: self.pattern.find("{")].rpartition("/")[0]

    @property
    def queue(self) -> str:
        """The queue that these jobs count to: the folder."""
        return self.folder

    @property
    def handler_writes(self) -> bool:
        """Whether the handler is told where to write the output."""
        return any("{output}" in value for value in self.args.values())

    def check(self) -> None:
        """Raise `ConfigError` for a route that can't be meant."""
        fields = {*_FIELD.findall(self.pattern)}
        used = {*_FIELD.findall(self.output)}
        told = {name for value in self.args.values() for name in _FIELD.findall(value)} - _GIVEN
        if not self.kind or not fields or not self.folder:
            raise ConfigError(
                f"'{self.pattern} -> {self.kind}' needs a folder, a field such as {{id}}, and a kind", hint=_EXAMPLE
            )
        if unknown := sorted((used | told) - fields):
            raise ConfigError(f"'{self.pattern}' has no field {', '.join(unknown)}", hint=_EXAMPLE)
        if self.output and used != fields:
            raise ConfigError(f"'{self.output}' is the same for different files of '{self.pattern}'", hint=_EXAMPLE)
        if self.folder.partition("/")[0] in _RESERVED:
            raise ConfigError(f"'{self.folder}' is a folder that the broker needs itself", hint=_EXAMPLE)

    def match(self, key: str) -> dict[str, str] | None:
        """What the fields stand for in this key; None if it is not one of these files, or not meant for anyone yet."""
        name = key.rpartition("/")[2]
        found = _compiled(self.pattern).fullmatch(key)
        return None if found is None or _UNFINISHED.match(name) else found.groupdict()

    def output_of(self, fields: Mapping[str, str]) -> str:
        """The key of the output, or nothing."""
        return _filled(self.output, fields)

    def args_of(self, fields: Mapping[str, str], input_url: str, output_url: str) -> str:
        """The arguments, as JSON."""
        known = {**fields, "input": input_url, "output": output_url}
        return json.dumps({name: _filled(value, known) for name, value in self.args.items()}, ensure_ascii=False)


def check_together(routes: Iterable[Route]) -> None:
    """Raise `ConfigError` if the output of one route is an input of another, or of itself."""
    known = tuple(routes)
    for route in known:
        sample = route.output_of(dict.fromkeys(_FIELD.findall(route.pattern), "x"))
        if any(sample and other.match(sample) for other in known):
            raise ConfigError(f"what '{route.output}' names would be taken for a new file", hint=_EXAMPLE)


def _three(text: str) -> tuple[str, str, str]:
    parts = [part.strip() for part in text.split("->")]
    if len(parts) == 2:  # noqa: PLR2004 - without an output
        parts.append("")
    if len(parts) != 3:  # noqa: PLR2004 - pattern, kind, output
        raise ConfigError(f"'{text}' is no route", hint=_EXAMPLE)
    pattern, kind, output = parts
    return pattern.strip("/"), kind, output.strip("/")


def _compiled(pattern: str) -> re.Pattern[str]:
    """The pattern as an expression; capital letters do not matter, as in suffixes."""
    pieces = _FIELD.split(pattern)
    literals, names = pieces[::2], pieces[1::2]
    fields = [f"(?P<{name}>{'.+' if name == 'path' else '[^/]+'})" for name in names]
    expression = re.escape(literals[0]) + "".join(
        each + re.escape(literal) for each, literal in zip(fields, literals[1:], strict=True)
    )
    return re.compile(expression, re.IGNORECASE)


def _filled(template: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda found: values[found[1]], template)
