"""The Dockerfile and the compose file of the page exporter, as far as they can be tried without an engine."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from millhand.config import describe
from millhand.config.store_variables import STORE_VARIABLES
from millhand.services.environment import variables_of_file
from millhand.services.page_export.settings import PageExportSettings
from tests.support import skip_or_fail

FOLDER = Path(__file__).parents[2] / "deploy" / "page-export"
DOCKERFILE = FOLDER / "Dockerfile"
KNOWN = {
    *(fact.env for fact in PageExportSettings.describe()),
    *(fact.env for fact in describe()),
    *STORE_VARIABLES,
    "MILLHAND_CONFIG",
}


def program(name: str) -> Path:
    """A program of the development requirements; there are some for Linux on x86 alone."""
    beside = Path(sys.executable).with_name(name)
    found = beside if beside.exists() else shutil.which(name)
    return Path(found) if found else skip_or_fail(f"{name} is not installed")


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile with their arguments, continued lines in one."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ")
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in text.splitlines() if line)]


def argument(name: str) -> str:
    """What the last instruction of that name says."""
    return [rest for each, rest in instructions() if each == name][-1]


def composed(folder: Path) -> dict[str, Any]:
    """The compose file as Docker reads it, all profiles on, with the example of variables."""
    shutil.copy(FOLDER / "compose.yaml", folder)
    shutil.copy(FOLDER / ".env.example", folder / ".env")
    command = [program("docker-compose"), "--profile", "database", "config", "--format", "json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_dockerfile_has_nothing_to_complain_of() -> None:
    done = subprocess.run([program("hadolint"), DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_images_are_pinned_by_a_full_tag(tmp_path: Path) -> None:
    images = [rest.split()[0] for name, rest in instructions() if name == "FROM"]
    images.append(composed(tmp_path)["services"]["database"]["image"])
    assert len(images) == 3
    assert all(re.fullmatch(r"[a-z]+:\d+(\.\d+)+-[\w-]+", image) for image in images), images


def test_everything_that_is_copied_is_there_and_reaches_the_build() -> None:
    root = FOLDER.parents[1]
    let_in = [line[1:] for line in (FOLDER / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"]
    sources = [
        source
        for name, rest in instructions()
        if name == "COPY" and not rest.startswith("--from")
        for source in rest.split()[:-1]
    ]
    assert sources
    for source in sources:
        assert (root / source).exists(), source
        assert any(Path(source).match(pattern) for pattern in let_in), source


def test_the_worker_has_no_rights_and_tells_its_health() -> None:
    assert re.fullmatch(r"\d+:\d+", argument("USER"))
    assert argument("USER") != "0:0"
    assert argument("HEALTHCHECK").endswith('CMD ["millhand", "health"]')
    assert json.loads(argument("CMD")) == ["millhand", "worker", "page-export"]
    assert json.loads(argument("ENTRYPOINT")) == ["tini", "--"]


def test_every_variable_is_one_that_is_read(tmp_path: Path) -> None:
    image = {name for name in re.findall(r"(\w+)=", argument("ENV")) if name not in {"PATH", "PYTHONUNBUFFERED"}}
    example = set(re.findall(r"^(?:# )?([A-Z_]+)=", (FOLDER / ".env.example").read_text(), re.MULTILINE))
    assert image
    assert {"DATABASE_URL", "API_URL", "RENDER_BASE_URL", "EXPORT_DIR"} <= example
    assert image | example - {"POSTGRES_PASSWORD"} <= KNOWN
    assert set(composed(tmp_path)["services"]["worker"]["environment"]) <= KNOWN


def test_the_example_of_variables_is_a_valid_one() -> None:
    told = PageExportSettings.read(variables_of_file(FOLDER / ".env.example"))
    assert told.render_host == "host.docker.internal:5173"


def test_a_stop_is_given_more_time_than_the_worker_takes(tmp_path: Path) -> None:
    worker = composed(tmp_path)["services"]["worker"]
    assert worker["stop_grace_period"] == "2m30s"
    assert "MILLHAND_WORKER__GRACE=2m" in argument("ENV")
    assert worker["read_only"]
    assert worker["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("extra", ["pages", "postgres"])
def test_the_locked_requirements_are_those_of_the_extras(extra: str) -> None:
    root = FOLDER.parents[1]
    locked = (root / "requirements" / "page-export.txt").read_text()
    [wanted] = re.findall(rf"^{extra} = \[(.*)\]$", (root / "pyproject.toml").read_text(), re.MULTILINE)
    for name in re.findall(r'"([a-z0-9-]+)', wanted):
        assert re.search(rf"^{name}(\[.*\])?==", locked, re.MULTILINE), name
