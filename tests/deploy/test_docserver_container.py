"""The Dockerfile and the compose file of the document server, as far as they can be tried without an engine."""

import json
import re
import shutil
import subprocess
from pathlib import Path

from millhand.config import describe
from millhand.config.store_variables import STORE_VARIABLES
from millhand.services.docserver.settings import DocserverSettings
from millhand.services.environment import variables_of_file
from tests.deploy.test_page_export_container import program

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "docserver"
DOCKERFILE = FOLDER / "Dockerfile"
KNOWN = {*(fact.env for fact in DocserverSettings.describe()), *(fact.env for fact in describe()), *STORE_VARIABLES}


def test_the_dockerfile_has_nothing_to_complain_of() -> None:
    done = subprocess.run([program("hadolint"), DOCKERFILE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_it_is_made_of_what_is_there_and_runs_the_worker_without_rights() -> None:
    text = DOCKERFILE.read_text()
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split()), sources
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["python:3.11.13-slim-bookworm"] * 2
    assert "\nUSER 10001:10001\n" in text
    assert text.endswith('CMD ["millhand", "worker", "docserver"]\n')
    assert set(re.findall(r"(MILLHAND_\w+)=", text)) <= KNOWN
    extra = re.findall(r'^documents = \["([a-z0-9-]+)', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert extra
    assert f"\n{extra[0]}==" in (ROOT / "requirements" / "run.txt").read_text()


def test_the_composition_knows_its_variables_and_gives_a_stop_its_time(tmp_path: Path) -> None:
    shutil.copy(FOLDER / "compose.yaml", tmp_path)
    shutil.copy(FOLDER / ".env.example", tmp_path / ".env")
    command = [program("docker-compose"), "config", "--format", "json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    worker = json.loads(done.stdout)["services"]["worker"]
    assert set(worker["environment"]) <= KNOWN
    assert (worker["stop_grace_period"], worker["cap_drop"], worker["read_only"]) == ("2m30s", ["ALL"], True)
    assert "ports" not in worker


def test_the_example_of_variables_is_a_valid_one() -> None:
    told = DocserverSettings.read(variables_of_file(FOLDER / ".env.example"))
    assert told.broker.startswith("s3://performancewest?")
    assert told.store["blobs.s3.endpoint"][0] == "http://host.docker.internal:9000"
