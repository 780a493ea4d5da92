"""The fields of a form, from the JSON Schema of a kind's arguments; and the arguments that a filled form means."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from millhand.core.errors import InvalidArgs

Schema = Mapping[str, Any]
_SIMPLE = {"string": "text", "integer": "integer", "number": "number", "boolean": "check"}
_LONG_TEXT = 80
YES = "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One argument as it is asked for. `name` is dotted; `group` is the object that it is in, or nothing.

    `form` is `text`, `long`, `integer`, `number`, `check`, `choice` or `json`; `value` is the text that it shows.
    """

    name: str
    group: str
    form: str
    value: str
    help: str = ""
    choices: Sequence[str] = ()
    required: bool = False
    nullable: bool = False
    takes_file: bool = False

    @property
    def label(self) -> str:
        """The name as people read it."""
        return self.name.rpartition(".")[2].replace("_", " ").capitalize()


def fields_of(schema: Schema, values: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields for a schema, filled with these values, or with its defaults."""
    return tuple(_of_object(schema, schema, values, ""))


def filled(fields: Sequence[Field], form: Mapping[str, str]) -> tuple[Field, ...]:
    """The fields as a form brings them back, so that what was typed is not lost by a mistake."""
    return tuple(replace(one, value=_sent(one, form)) for one in fields)


def arguments(fields: Sequence[Field], form: Mapping[str, str], base: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments: `base` with what differs from the fields' own values. Raises `InvalidArgs`.

    What was not touched stays as it is in `base`, also where the fields do not show all of it, such as a secret.
    """
    values: dict[str, Any] = json.loads(json.dumps(dict(base)))
    for one in fields:
        text = _sent(one, form)
        if text != one.value or (one.required and not base):
            _put(values, one.name, _read(one, text))
    return values


def mapping_of(value: object) -> Mapping[str, Any]:
    """A JSON object as it is; nothing for any other value."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def _of_object(root: Schema, schema: Schema, values: Mapping[str, Any], group: str) -> Iterator[Field]:
    needed = schema.get("required", ())
    properties = cast("Mapping[str, Schema]", schema.get("properties", {}))
    inner: list[Field] = []
    for name, told in properties.items():
        plain, nullable = _plain(root, told)
        value = values.get(name, told.get("default", plain.get("default")))
        path = f"{group}.{name}" if group else name
        if plain.get("properties") and not nullable and not group:
            inner += _of_object(root, plain, mapping_of(value), path)
        else:
            field = _field(path, group, plain, value, nullable=nullable)
            yield replace(field, required=name in needed, help=told.get("description", ""))
    yield from inner


def _field(path: str, group: str, schema: Schema, value: object, *, nullable: bool) -> Field:
    choices = [str(choice) for choice in schema.get("enum", ())]
    form = "choice" if choices else _SIMPLE.get(schema.get("type", ""), "json")
    if form == "check" and nullable:
        form, choices = "choice", [YES, "false"]
    text = _text(form, value)
    if form == "text" and (len(text) > _LONG_TEXT or "\n" in text):
        form = "long"
    takes_file = form in ("text", "long") and path in ("source", "bundle")
    return Field(
        name=path, group=group, form=form, value=text, choices=choices, nullable=nullable, takes_file=takes_file
    )


def _plain(root: Schema, schema: Schema) -> tuple[Schema, bool]:
    """The schema itself, without references, and whether null is good as well."""
    if "$ref" in schema:
        return _plain(root, root["$defs"][str(schema["$ref"]).rpartition("/")[2]])
    others = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(others) == 1:
        plain, nullable = _plain(root, others[0])
        return plain, nullable or len(others) < len(schema["anyOf"])
    return schema, False


def _text(form: str, value: object) -> str:
    if value is None:
        return ""
    if form == "json" or isinstance(value, bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _sent(one: Field, form: Mapping[str, str]) -> str:
    if one.form == "check":
        return YES if one.name in form else "false"
    return form.get(one.name, one.value).replace("\r\n", "\n")


def _read(one: Field, text: str) -> object:
    if not text and (one.nullable or one.form in ("integer", "number", "json", "choice")):
        return None
    if one.form in ("text", "long") or (one.form == "choice" and not _is_json(text)):
        return text
    try:
        return json.loads(text)
    except ValueError:
        raise InvalidArgs(
            f"'{text[:60]}' can't be the value of {one.name}", hint="Numbers, lists and objects are written as JSON."
        ) from None


def _is_json(text: str) -> bool:
    """Whether a choice is a number or a truth value, and no word."""
    return text in (YES, "false") or text.lstrip("-").replace(".", "", 1).isdecimal()


def _put(values: dict[str, Any], name: str, value: object) -> None:
    *path, last = name.split(".")
    for part in path:
        values = values.setdefault(part, {})
    if value is None:
        values.pop(last, None)
    else:
        values[last] = value
