"""The reference is complete and up to date: what the code has, a page has."""

import ast
import re
import shlex
from pathlib import Path

import pytest

from millhand.config import describe as settings
from millhand.core.state import State
from millhand.demo import samples
from millhand.telemetry.facts import describe as metrics
from scripts.gen_docs import cli, contract, events
from scripts.gen_docs.__main__ import stale
from scripts.gen_docs.source import trees
from tests.docs.pages import PAGES, ROOT, blocks, headings

REFERENCE = ROOT / "docs" / "reference"
SOURCE = ROOT / "src" / "millhand"
_CODE = re.compile(r"""\b(?:default_code|code)\s*=\s*"([a-z_]+)"|\bfailure\(\s*"([a-z_]+)\"""")


def has(page: str) -> set[str]:
    return set(headings(REFERENCE / f"{page}.md"))


def test_the_generated_pages_are_up_to_date() -> None:
    assert not [path.relative_to(ROOT).as_posix() for path in stale()], "run `make docs`"


def test_every_setting_has_a_heading() -> None:
    assert {fact.name for fact in settings()} <= has("settings")


def test_every_metric_has_a_heading() -> None:
    assert {fact.name for fact in metrics()} <= has("metrics")


def test_every_command_has_a_heading() -> None:
    assert {name for name, _ in cli.commands()} <= has("cli")


def test_every_state_has_a_heading() -> None:
    assert {state.value for state in State} <= has("states")


@pytest.mark.parametrize("path", sorted(trees()))
def test_every_error_code_in_the_source_has_a_heading(path: str) -> None:
    text = (SOURCE / path).read_text(encoding="utf-8")
    assert {one or other for one, other in _CODE.findall(text)} <= has("errors")


def test_every_notice_and_every_command_in_the_audit_trail_has_a_heading() -> None:
    notices, actions = events.notices_in_source(), events.actions_in_source()
    assert (notices, actions) == events.described()
    assert notices | actions <= has("events")


def test_the_marks_in_the_broker_contract_were_measured() -> None:
    clauses = {clause.test for clause in contract.clauses()}
    assert contract.stored(), "run `python -m scripts.gen_docs --measure`"
    for broker, outcomes in contract.stored().items():
        assert set(outcomes) == clauses, f"measure {broker} again: python -m scripts.gen_docs --measure"
        assert "failed" not in outcomes.values()


def test_commands_in_help_texts_exist() -> None:
    for name, text in cli.commands():
        for line in re.findall(r"^ +(millhand .+)$", text, re.MULTILINE):
            assert not problems_of(line), f"{name}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_in_the_documentation_exist(page: Path) -> None:
    text = "\n".join(block.text for block in blocks(page) if block.language == "sh").replace("\\\n", " ")
    for line in re.findall(r"^(millhand .+)$", text, re.MULTILINE):
        assert not problems_of(line)


def problems_of(line: str) -> list[str]:
    """What is wrong with a command line: the command or one of its options does not exist."""
    known = dict(cli.commands())
    line = re.sub(r" --(app|config|database)[ =]\S+", "", line.partition(" | ")[0])
    words = shlex.split(line, comments=True)
    plain = iter([word for word in words if not word.startswith("-")])
    command = next(plain)
    while (longer := f"{command} {next(plain, '')}") in known:
        command = longer
    options = {word.partition("=")[0] for word in words if word.startswith("--")}
    offered = known[command] + known["millhand"]
    missing = sorted(option for option in options if not re.search(rf"{option}\b", offered))
    return [*missing, *(["command"] if command == "millhand" else [])]


def test_the_page_of_decisions_lists_each_decision() -> None:
    folder = ROOT / "docs" / "decisions"
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert not [path.name for path in folder.glob("0*.md") if f"({path.name})" not in text]


def test_public_names_are_those_that_the_readme_tells() -> None:
    names = ast.literal_eval(_all_of(SOURCE / "__init__.py"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert not [name for name in names if f"`{name}`" not in readme]


def test_the_architecture_names_every_package_and_every_loop() -> None:
    text = (ROOT / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    packages = {path.name.removesuffix(".py") for path in SOURCE.iterdir() if not path.name.startswith(("_", "py."))}
    loops = {name for path, tree in trees().items() if path.startswith("worker/") for name in _names(tree)}
    assert len(packages) > 10
    assert len(loops) > 5
    assert not [name for name in packages if f"`{name}`" not in text]
    assert not [name for name in loops if f"| {name} |" not in text]


def test_the_readme_counts_the_samples() -> None:
    assert f" {len(samples())} sample documents " in (ROOT / "README.md").read_text(encoding="utf-8")


def _names(tree: ast.Module) -> set[str]:
    """The names of the loops in a module: the texts that classes call `name`."""
    found = re.findall(r"^    name = '(\w+)'$", ast.unparse(tree), re.MULTILINE)
    return set(found)


def _all_of(path: Path) -> ast.expr:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    [value] = [
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    return value
