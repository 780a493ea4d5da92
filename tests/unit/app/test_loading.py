"""How executors find the app that they serve."""

import sys
from pathlib import Path

import pytest

from millhand import App
from millhand.app.loading import BUILT_IN, load_app, target_of_main
from millhand.core.errors import ConfigError

APP = "from millhand import App\napp = App()\nother = App()\nnumber = 5\nempty = {}\n"


@pytest.fixture(autouse=True)
def _nothing_stays_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("shop_of_test", "broken_of_test"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "shop_of_test.py").write_text(APP)
    (tmp_path / "broken_of_test.py").write_text("import nothing_of_that_name\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("target", ["shop_of_test:app", "shop_of_test", "shop_of_test.py:app", "shop_of_test.py"])
def test_by_module_or_file(folder: Path, target: str) -> None:
    assert isinstance(load_app(target), App)


def test_by_attribute(folder: Path) -> None:
    assert load_app("shop_of_test:other") is not load_app("shop_of_test:app")


def test_by_a_path_elsewhere_with_its_neighbours(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    away = tmp_path_factory.mktemp("away")
    (away / "neighbour_of_test.py").write_text(APP)
    (away / "serve.py").write_text("from neighbour_of_test import app\n")
    assert isinstance(load_app(f"{away}/serve.py:app"), App)


def test_a_file_is_not_run_as_the_main_program(folder: Path) -> None:
    (folder / "program.py").write_text(APP + "if __name__ == '__main__':\n    raise SystemExit('run')\n")
    assert isinstance(load_app("program.py:app"), App)


def test_without_a_target_it_is_the_built_in_one() -> None:
    assert "document.convert" in load_app("").registry
    assert load_app("") is load_app(BUILT_IN)


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("shop_of_test:number", "app_not_found", "shop_of_test has a int, not an App, by that name"),
        ("shop_of_test:empty", "app_not_found", "a dict, not an App"),
        ("shop_of_test:nothing", "app_not_found", "nothing by that name"),
        ("shop_of_test:", "app_not_found", "nothing by that name"),
        ("nowhere.py:app", "app_not_found", "there is no file nowhere.py"),
        ("no_such_module_of_test:app", "app_not_loadable", "No module named 'no_such_module_of_test'"),
        ("broken_of_test:app", "app_not_loadable", "No module named 'nothing_of_that_name'"),
        ("broken_of_test.py:app", "app_not_loadable", "No module named 'nothing_of_that_name'"),
        ("folder/:app", "app_not_loadable", "folder/"),
    ],
)
def test_what_cannot_be_found_or_loaded_is_named(folder: Path, target: str, code: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as refused:
        load_app(target)
    assert refused.value.code == code
    assert refused.value.hint


def test_the_running_program_is_found_by_its_file_or_module(monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    app = App()
    monkeypatch.setattr(main, "mill", app, raising=False)
    monkeypatch.setattr(main, "__file__", "/srv/serve.py", raising=False)
    monkeypatch.setattr(main, "__spec__", None)
    assert target_of_main(app) == "/srv/serve.py:mill"
    monkeypatch.setattr(main, "__spec__", sys.modules["millhand"].__spec__)
    assert target_of_main(app) == "millhand:mill"


def test_an_app_that_is_not_at_the_top_level_of_the_program_cannot_be_found() -> None:
    with pytest.raises(ConfigError, match="can't be found by its executors") as refused:
        target_of_main(App())
    assert "top level" in refused.value.hint
