"""Handing a unit to systemd, and taking it back."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from millhand.deploy.errors import ServiceManagerFailed
from millhand.deploy.unit import Scope, WorkerUnit

_PRIVATE = 0o600
_READABLE = 0o644
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Systemd:
    """One manager of systemd: its folders for units and for variables, and a path that is there while it runs."""

    scope: Scope
    units: Path
    variables: Path
    sign: Path

    @classmethod
    def of_system(cls) -> "Systemd":
        """The manager of the whole machine."""
        return cls("system", Path("/etc/systemd/system"), Path("/etc/millhand"), Path("/run/systemd/system"))

    @classmethod
    def of_user(cls, home: Path, runtime: Path) -> "Systemd":
        """The manager of a user with this home, whose XDG_RUNTIME_DIR is `runtime`."""
        config = home / ".config"
        return cls("user", config / "systemd/user", config / "millhand", runtime / "systemd/private")

    def install(self, unit: WorkerUnit, variables: str, *, start: bool) -> Path:
        """Write the unit, and a file with `variables` where there is none, and start it if wanted; its path.

        Raises `ServiceManagerFailed`.
        """
        path = self.units / unit.file_name
        try:
            _write_new(unit.env_file, variables)
            self.units.mkdir(parents=True, exist_ok=True)
            _replace(path, unit.text())
        except OSError as error:
            raise ServiceManagerFailed(f"{error.filename} can't be written: {error.strerror}") from error
        if start:
            if not self.runs:
                raise ServiceManagerFailed(f"{path} is written, but systemd does not run here")
            self._call("daemon-reload")
            self._call("enable", unit.file_name)
            self._call("restart", unit.file_name)
        return path

    def uninstall(self, file_name: str) -> Path | None:
        """Stop it and remove its unit; the file with variables and what it wrote stay. None if there is no such unit.

        Raises `ServiceManagerFailed`.
        """
        path = self.units / file_name
        if not path.exists():
            return None
        reached = self.runs
        if reached:
            self._call("disable", "--now", file_name)
        try:
            path.unlink()
        except OSError as error:
            raise ServiceManagerFailed(f"{path} can't be removed: {error.strerror}") from error
        if reached:
            self._call("daemon-reload")
        return path

    @property
    def runs(self) -> bool:
        """Whether the manager runs at all, as it does not where an image is built."""
        return shutil.which("systemctl") is not None and self.sign.exists()

    def _call(self, *words: str) -> None:
        command = ["systemctl", *(["--user"] if self.scope == "user" else []), *words]
        try:
            ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ServiceManagerFailed(f"`{' '.join(command)}` did not work: {error}") from error
        if ended.returncode:
            said = ended.stderr.strip() or f"exit code {ended.returncode}"
            raise ServiceManagerFailed(f"`{' '.join(command)}` did not work: {said}")


def _write_new(path: Path, text: str) -> None:
    """Write a file that only its owner may read, unless it is there: it holds secrets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _replace(path: Path, text: str) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.chmod(_READABLE)
    draft.replace(path)
