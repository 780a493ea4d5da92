"""Runs commands of millhand in forks of one process that has loaded it: real processes, quickly started.

Reads requests as JSON lines: arguments, folder, environment, and the files for the three standard streams. Answers each
with the exit code. `python -m millhand` itself is started by the tests of workers and terminals.
"""

import atexit
import gc
import importlib
import json
import os
import sys
from typing import Any, NoReturn

from millhand.cli.main import main

LOADED = (
    "millhand.app.built_in",
    "millhand.cli.converting",
    "millhand.cli.demo",
    "millhand.cli.findings",
    "millhand.cli.program",
    "millhand.cli.idle",
    "millhand.cli.sending",
    "millhand.cli.serving",
    "millhand.cli.topview",
    "millhand.doctor.examination",
    "millhand.services.everything",
)
"""What commands load when they run."""


def serve() -> int:
    """Serve until there are no more requests."""
    for module in LOADED:
        importlib.import_module(module)
    gc.freeze()  # a collection in a fork would copy all that was loaded
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            end(command(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 - the answer
    return 0


def command(request: dict[str, Any]) -> int:
    """Become the command."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for descriptor, (name, flags) in enumerate((("in", os.O_RDONLY), ("out", os.O_WRONLY), ("err", os.O_WRONLY))):
        os.dup2(os.open(request[name], flags), descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - the old one has read ahead
    return main(request["arguments"])


def end(code: int) -> NoReturn:
    """Leave a fork with what is to be done at exit, but without taking down what was loaded: that takes longest."""
    atexit._run_exitfuncs()  # noqa: SLF001 - coverage writes its data there
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    # Forget where this program is: the folder of a command comes first on its path, as with `python -m`.
    sys.path.pop(0)
    sys.exit(serve())
