"""Work folders: swept when their owner is dead, left alone while it lives."""

import os
import subprocess
import sys
from pathlib import Path

from millhand.engines.soffice import workdir


def test_a_living_owners_folder_stays(tmp_path: Path) -> None:
    mine = workdir.create(tmp_path)
    assert workdir.sweep(tmp_path) == []
    assert mine.is_dir()


def test_a_dead_owners_folder_goes(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = tmp_path / f"millhand-office-{ended.pid}-123-abc"
    left.mkdir()
    assert workdir.sweep(tmp_path) == [left]
    assert not left.exists()


def test_a_newer_process_with_the_same_pid_does_not_protect_it(tmp_path: Path) -> None:
    left = tmp_path / f"millhand-office-{os.getpid()}-123-abc"
    left.mkdir()
    workdir.create(tmp_path)
    assert not left.exists()


def test_other_folders_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "millhand-office-notes").mkdir()
    (tmp_path / "something").mkdir()
    assert workdir.sweep(tmp_path) == []
