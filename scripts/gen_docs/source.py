"""What the source says that no object tells at run time: messages, codes and names, read from its syntax trees."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import millhand

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "millhand"
GAP = "…"


@cache
def trees() -> dict[str, ast.Module]:
    """Each module of the package, by its path below it."""
    found = sorted(PACKAGE.rglob("*.py"))
    return {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in found}


def calls(below: str = "") -> Iterator[tuple[ast.Call, str]]:
    """Each call in the modules below a folder, with the name of what is called."""
    for path, tree in trees().items():
        if path.startswith(below):
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    yield node, _name(node.func)


def import_all() -> None:
    """Import every module, so that all classes are known."""
    for module in pkgutil.walk_packages(millhand.__path__, "millhand."):
        if not module.name.startswith(("millhand.__main__", "millhand.database.migrations.")):
            importlib.import_module(module.name)


def text_of(node: ast.expr | None) -> str:
    """A text as it is written, with a mark where a value is put in; empty if it is no text at all."""
    match node:
        case ast.Constant(value=str(value)):
            return value
        case ast.JoinedStr(values=values):
            return "".join(text_of(value) if isinstance(value, ast.Constant) else GAP for value in values)
        case ast.IfExp(body=body):
            return text_of(body)
        case _:
            return ""


def texts_of(node: ast.expr | None) -> list[str]:
    """Every constant text in an expression."""
    if node is None:
        return []
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """The value of a keyword argument."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def argument(call: ast.Call, place: int) -> ast.expr | None:
    """The value of a positional argument."""
    return call.args[place] if len(call.args) > place else None


def _name(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""
