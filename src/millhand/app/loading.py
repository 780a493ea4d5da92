"""Find the app that a worker serves: by module and attribute, by file, by the name of a service, or the usual one."""

import importlib
import runpy
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from millhand.app.app import App
from millhand.app.bulk import equip
from millhand.core.errors import ConfigError

BUILT_IN = "millhand.services.everything:app"
_DEFAULT_ATTRIBUTE = "app"
_SERVICES = "millhand.services"


def load_app(target: str) -> App:
    """Import the app that `target` names; raises `ConfigError` that says what is wrong with it."""
    target = service_target(target) or target
    place, _, attribute = (target or BUILT_IN).rpartition(":")
    if not place or place.endswith(("/", "\\")):
        place, attribute = target, _DEFAULT_ATTRIBUTE
    names = _run_file(Path(place)) if place.endswith(".py") else _import(place)
    found = names.get(attribute)
    if not isinstance(found, App):
        what = "nothing by that name" if found is None else f"a {type(found).__name__}, not an App, by that name"
        raise ConfigError(
            f"'{target}' names no App: {place} has {what}",
            code="app_not_found",
            hint="Write it as package.module:attribute, where the attribute is your App.",
        )
    equip(found)
    return found


def service_target(name: str) -> str | None:
    """The app of the service of that name, None if there is none: each has its own in a module `app`."""
    plain = name.replace("-", "_")
    if not plain.isidentifier():
        return None
    package = find_spec(f"{_SERVICES}.{plain}")
    if package is None or package.submodule_search_locations is None:
        return None
    return f"{package.name}.app:{_DEFAULT_ATTRIBUTE}"


def target_of_main(app: App) -> str:
    """The target by which another process finds an app that the running program made at its top level."""
    main = sys.modules["__main__"]
    names = [name for name, value in vars(main).items() if value is app]
    spec = getattr(main, "__spec__", None)
    place = spec.name if spec is not None else getattr(main, "__file__", None)
    if not names or place is None:
        raise ConfigError(
            "this app can't be found by its executors, which are processes of their own",
            code="app_not_found",
            hint='Make the App at the top level of a module, and call `app.run()` under `if __name__ == "__main__":`.',
        )
    return f"{place}:{names[0]}"


def _import(module: str) -> Mapping[str, Any]:
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        return vars(importlib.import_module(module))
    except Exception as error:  # whatever the user's module raises while it loads is what the user must read
        raise _unloadable(module, error) from error


def _run_file(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise ConfigError(f"there is no file {path}", code="app_not_found", hint="Check the path of the app.")
    sys.path.insert(0, str(path.resolve().parent))
    try:
        return runpy.run_path(str(path), run_name="__millhand_app__")
    except Exception as error:  # as above
        raise _unloadable(str(path), error) from error


def _unloadable(place: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"the app in {place} can't be loaded: {type(error).__name__}: {error}",
        code="app_not_loadable",
        hint="Import it in a Python prompt to see the whole traceback.",
    )
