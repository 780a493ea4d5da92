"""Folders for the scratch files of a process, under names that tell whether it still lives."""

import os
import shutil
import socket
from pathlib import Path

import psutil

from millhand.core.clock import Clock


def process_name(clock: Clock) -> str:
    """A name for this process that no other has had: its host, its number, and something new."""
    return f"{socket.gethostname()}-{os.getpid()}-{clock.new_id()[-8:]}"


def fresh_workdir(parent: Path, name: str) -> Path:
    """A folder of that name; the folders of processes that are gone are removed."""
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.iterdir():
        pid = left.name.rsplit("-", 2)[-2] if left.name.count("-") >= 2 else ""  # noqa: PLR2004 - host, pid, random
        ours = left.name.startswith(f"{socket.gethostname()}-")
        if ours and pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    workdir = parent / name
    workdir.mkdir()
    return workdir.resolve()
