"""How to start a small Python program of ours quickly: its module alone, without the packages around it.

The fork server and the guard run on the standard library alone. Started with `python -m`, they would first import
every package `__init__` above them, and with those the whole of millhand; so empty packages stand in for them.
"""

import sys
from pathlib import Path

_SOURCE_ROOT = Path(__file__).resolve().parents[2]

_BOOT = """\
import sys, types, importlib
module, root = sys.argv[1], sys.argv[2]
parts = module.split(".")
for depth in range(1, len(parts)):
    name = ".".join(parts[:depth])
    package = types.ModuleType(name)
    package.__path__ = ["/".join([root, *parts[:depth]])]
    sys.modules[name] = package
sys.argv[:3] = [module]
raise SystemExit(importlib.import_module(module).main())
"""


def command(module: str, *arguments: str) -> list[str]:
    """The command line that calls `main()` of `module` (dotted name) in a new, isolated interpreter."""
    return [sys.executable, "-I", "-S", "-c", _BOOT, module, str(_SOURCE_ROOT), *arguments]
