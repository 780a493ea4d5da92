"""The project's own files agree with one another."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^([a-z0-9.-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)

RUN = PROJECT["project"]["dependencies"] + PROJECT["project"]["optional-dependencies"]["documents"]
WANTED = {"run": RUN, **{name: RUN + PROJECT["dependency-groups"][name] for name in ("dev", "bench")}}
FILES = sorted((ROOT / "requirements").glob("*.txt"))


def pins(name: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / f"requirements/{name}.txt").read_text()))


@pytest.mark.parametrize("name", list(WANTED))
def test_the_pinned_versions_are_those_that_the_project_asks_for(name: str) -> None:
    pinned = pins(name)

    for requirement in map(Requirement, WANTED[name]):
        version = pinned.get(canonicalize_name(requirement.name), "none")
        assert requirement.specifier.contains(version), f"{requirement} has {version}: run `make lock`"


def test_one_environment_can_serve_every_purpose() -> None:
    shared = pins("run").items()

    for name in ("dev", "bench"):
        assert shared <= pins(name).items()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_pins_name_no_host_and_no_folder_of_a_machine(path: Path) -> None:
    text = path.read_text()

    assert "://" not in text
    assert not re.search(r"(^|\s)/", text)
    assert len(PIN.findall(text)) == len(re.findall(r"^\S.*==", text, re.MULTILINE))
    assert text.count("--hash=sha256:") >= len(PIN.findall(text))


def test_every_target_of_the_makefile_is_listed_by_help() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony

    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert set(re.findall(r"^  make (\w+)", shown, re.MULTILINE)) == set(phony[1].split())


def test_every_lint_exception_has_its_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text().splitlines()
    exceptions = [line for line in lines if re.match(r'^    "[A-Z]+\d*",', line)]

    assert exceptions
    assert not [line for line in exceptions if "#" not in line]
