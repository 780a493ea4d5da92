"""The page of the kinds that come with millhand: their arguments as JSON Schema."""

import json
from collections.abc import Iterator
from typing import Any

from millhand.app.built_in import app
from millhand.core.limits import MIB
from millhand.core.registry import Kind
from scripts.gen_docs.markdown import code, page, table


def write() -> str:
    """The page."""
    return page(
        "Built-in kinds",
        "Every worker can do these, unless it serves an app of its own; such an app can include them:"
        " `app.include(millhand.app.built_in.app)`. `millhand kinds show KIND` tells the same for any app.",
        *(_kind(kind) for kind in sorted(app.registry, key=lambda kind: kind.name)),
    )


def _kind(kind: Kind) -> str:
    schema = kind.args.model_json_schema()
    return "\n\n".join(
        [
            f"## {kind.name}",
            kind.summary,
            f"Queue `{kind.args.queue}` · {_limits(kind)}",
            _fields(schema, schema),
            *(f"### {kind.name}: {name}\n\n{_fields(fields, schema)}" for name, fields in _nested(schema)),
            f"<details><summary>JSON Schema</summary>\n\n```json\n{json.dumps(schema, indent=2)}\n```\n\n</details>",
        ]
    )


def _limits(kind: Kind) -> str:
    limits, retry = kind.limits, kind.retry
    memory = f"{limits.memory // MIB} MiB" if limits.memory else "that of the worker"
    soft = f"{limits.soft:g} s" if limits.soft else "none"
    return (
        f"soft limit {soft} · hard limit {limits.hard:g} s · memory limit {memory} ·"
        f" {retry.max_attempts} attempts · {retry.max_crashes} crashes"
    )


def _fields(model: dict[str, Any], schema: dict[str, Any]) -> str:
    required = model.get("required", ())
    rows = ((name, facts, name in required) for name, facts in model["properties"].items())
    return table(("argument", "type", "default", "meaning"), (_field(*row, schema) for row in rows))


def _field(name: str, facts: dict[str, Any], required: bool, schema: dict[str, Any]) -> tuple[str, str, str, str]:  # noqa: FBT001 - a column of the table
    default = facts.get("default")
    shown = "required" if required else "see below" if isinstance(default, dict) else code(json.dumps(default))
    return code(name), _type(facts, schema), shown, facts.get("description", "")


def _nested(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The arguments that have fields of their own."""
    for name, facts in schema["properties"].items():
        model = schema.get("$defs", {}).get(facts.get("$ref", "").rpartition("/")[2], {})
        if "properties" in model:
            yield name, model


def _type(facts: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in facts:
        return _type(schema["$defs"][facts["$ref"].rpartition("/")[2]], schema)
    if "anyOf" in facts:
        return " or ".join(dict.fromkeys(_type(one, schema) for one in facts["anyOf"]))
    if "enum" in facts:
        return " or ".join(code(str(one)) for one in facts["enum"])
    if "const" in facts:
        return code(str(facts["const"]))
    if facts.get("type") == "array":
        return f"list of {_type(facts.get('items', {}), schema)}"
    return facts.get("type", "any")
