"""Bring source packages here by the clients of this machine: apt with a private list, pip, npm."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.documents.sources import DEBIAN, NPM, PYPI

_ARCHIVES = (".tar.gz", ".tar.xz", ".tar.bz2", ".tgz", ".zip")
# The archives that this machine knows: whose, where, which release, which section.
_TARGETS = "$(ORIGIN)|$(REPO_URI)|$(CODENAME)|$(COMPONENT)"
_KEYS = "/usr/share/keyrings/{}-archive-keyring.gpg"
_DISTRIBUTIONS = ("debian", "ubuntu")
_APT = """\
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "{folder}/none";
Dir::State::Lists "{folder}/lists";
Dir::Cache "{folder}/cache";
APT::Sandbox::User "";
"""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An archive on this machine, and the package that it is of."""

    source: str
    path: Path


def fetch_all(folder: Path) -> list[Fetched]:
    """Fetch every source package into the folder; what can't be had is named on standard error and left out."""
    fetched: list[Fetched] = []
    for registry, packages, fetch in (("debian", DEBIAN, _Apt(folder)), ("pypi", PYPI, _pip), ("npm", NPM, _npm)):
        for package in packages:
            target = folder / registry / package.replace("/", "_")
            target.mkdir(parents=True)
            print(f"fetching {package} ({registry})", file=sys.stderr)
            fetch(package, target)
            archives = sorted(path for path in target.iterdir() if path.name.endswith(_ARCHIVES))
            if not archives:
                print(f"nothing came of {package} ({registry})", file=sys.stderr)
            fetched += [Fetched(f"{registry}:{package}", path) for path in archives]
    return fetched


class _Apt:
    """apt with lists of source packages in a folder of its own, so that the machine's own stay as they are."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "apt"
        self._ready = False

    def __call__(self, package: str, target: Path) -> None:
        if shutil.which("apt-get") is None:
            print("there is no apt-get here", file=sys.stderr)
            return
        environment = self._prepared()
        _run(["apt-get", "-qq", "source", "--download-only", package], target, environment)

    def _prepared(self) -> dict[str, str]:
        configuration = self._folder / "apt.conf"
        environment = {**os.environ, "APT_CONFIG": str(configuration)}
        if not self._ready:
            for name in ("none", "lists/partial", "cache/archives/partial"):
                (self._folder / name).mkdir(parents=True)
            configuration.write_text(_APT.format(folder=self._folder), encoding="utf-8")
            (self._folder / "sources.list").write_text(_source_lines(), encoding="utf-8")
            _run(["apt-get", "-qq", "update"], self._folder, environment)
            self._ready = True
        return environment


def _source_lines() -> str:
    command = ["apt-get", "indextargets", "--format", _TARGETS, "Created-By: Packages"]
    known = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    lines: set[str] = set()
    for origin, address, release, section in (line.split("|") for line in known.splitlines()):
        if origin.lower() in _DISTRIBUTIONS:
            key = Path(_KEYS.format(origin.lower()))
            signed = f"[signed-by={key}] " if key.is_file() else ""
            lines.add(f"deb-src {signed}{address} {release} {section}\n")
    return "".join(sorted(lines))


def _pip(package: str, target: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--no-binary", ":all:", "--dest", str(target), package], target)


def _npm(package: str, target: Path) -> None:
    if shutil.which("npm") is None:
        print("there is no npm here", file=sys.stderr)
        return
    _run(["npm", "pack", "--silent", package], target)


def _run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{command[0]} complains: {done.stderr.strip()[-300:]}", file=sys.stderr)
