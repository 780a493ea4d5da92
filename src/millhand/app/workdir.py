"""The folder in which the executors of one worker keep what they work on."""

import shutil
import socket
from pathlib import Path

import psutil


def fresh_workdir(parent: Path, name: str) -> Path:
    """A folder for this worker's executors; folders of workers that are gone are removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.iterdir():
        pid = left.name.rsplit("-", 2)[-2] if left.name.count("-") >= 2 else ""  # noqa: PLR2004 - host, pid, random
        ours = left.name.startswith(f"{socket.gethostname()}-")
        if ours and pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    workdir = parent / name
    workdir.mkdir()
    return workdir.resolve()
