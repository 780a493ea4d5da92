"""What settings mean to the parts of a worker."""

import os
import socket
from pathlib import Path

import pytest

from millhand import App
from millhand.app.running import open_worker
from millhand.app.worker_settings import retention, worker_settings
from millhand.config import Settings
from millhand.config.settings import RetentionSettings, WorkerSettings
from millhand.core.errors import ConfigError
from millhand.core.limits import MIB
from millhand.core.state import State


def test_zero_means_no_limit() -> None:
    told = worker_settings(
        Settings(worker=WorkerSettings(recycle_jobs=0, recycle_memory=0, recycle_age=0, memory_limit=0))
    )
    assert (told.recycle_jobs, told.recycle_memory, told.recycle_age, told.memory_limit) == (None,) * 4


def test_numbers_are_taken_over_in_the_dispatchers_units() -> None:
    told = worker_settings(Settings(worker=WorkerSettings(executors=3, slots=2, lease=9, memory_limit=5)))
    assert (told.executors, told.slots, told.lease, told.memory_limit) == (3, 2, 9.0, 5 * MIB)
    assert told.renew_every == 3.0


def test_history_is_kept_as_long_as_told_and_zero_is_for_ever() -> None:
    ages = retention(Settings(retention=RetentionSettings(completed=60, cancelled=0, discarded=120))).ages
    assert ages == {State.COMPLETED: 60, State.DISCARDED: 120}


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def app_in(folder: Path, **worker: float) -> App:
    told = WorkerSettings(**worker)  # pyright: ignore[reportArgumentType] - numbers by name
    return App(settings=Settings(database=f"sqlite:///{folder}/m.db", data_dir=folder, worker=told))


async def test_settings_that_contradict_each_other_are_refused_before_anything_is_opened(tmp_path: Path) -> None:
    app = app_in(tmp_path, lease=1, poll=3600)
    with pytest.raises(ConfigError):
        async with open_worker(app, "nothing:app"):
            raise AssertionError("must not open")
    assert names_in(tmp_path) == set()


async def test_folders_of_workers_that_are_gone_are_swept_and_others_left(tmp_path: Path) -> None:
    host = socket.gethostname()
    gone, alive, foreign, odd = (f"{host}-4194305-aa", f"{host}-{os.getpid()}-bb", "elsewhere-4194305-cc", "odd")
    for name in (gone, alive, foreign, odd):
        (tmp_path / "work" / name).mkdir(parents=True)
    async with open_worker(app_in(tmp_path), "nothing:app") as worker:
        assert names_in(tmp_path / "work") == {alive, foreign, odd, worker.id}
        assert (worker.running(), worker.executors()) == ({}, {"ready": 0, "starting": 0, "retiring": 0})
    assert names_in(tmp_path / "work") == {alive, foreign, odd}
