"""What Word needs of a machine: the folders of SYSTEM's profiles."""

from pathlib import Path

from millhand.engines.word.install import missing_folders, runs_as_system


def test_each_width_of_windows_needs_its_folder(tmp_path: Path) -> None:
    for part in ("System32", "SysWOW64"):
        (tmp_path / part / "config/systemprofile").mkdir(parents=True)
    (tmp_path / "System32/config/systemprofile/Desktop").mkdir()

    assert missing_folders(tmp_path) == (tmp_path / "SysWOW64/config/systemprofile/Desktop",)


def test_windows_of_one_width_has_one(tmp_path: Path) -> None:
    (tmp_path / "System32/config/systemprofile/Desktop").mkdir(parents=True)

    assert missing_folders(tmp_path) == ()


def test_the_tests_do_not_run_as_the_system() -> None:
    assert not runs_as_system()
