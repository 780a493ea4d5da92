"""Runs the blocks of a page as a reader would, in an empty folder, one after another.

The words after a block's language say what becomes of it:

- `python file=letters.py` is written into that file, and so is any other language;
- `sh run` is run with bash and must end well; `sh run fails` must not;
- `sh run background` goes on until the story ends, as in a second terminal; `sh run restart` takes its place;
- `text output` must be what the command before it wrote, standard output and error together, where `...` stands for
  anything, and a line of `...` alone for any lines.

Blocks without such words are only read.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.docs.pages import Block

WITHIN = 120.0
ENDS_WITHIN = 30.0


def is_story(blocks: Sequence[Block]) -> bool:
    """Whether there is anything to run."""
    return any(block.words for block in blocks)


def run(blocks: Sequence[Block], folder: Path) -> None:
    """Run the story."""
    with ExitStack() as stack:
        written = ""
        for block in blocks:
            match block.words:
                case ("run", "background" | "restart" as how):
                    if how == "restart":
                        stack.close()
                    _start(block, folder, stack)
                case ("run", *more):
                    written = _run(block, folder, fails="fails" in more)
                case ("output",):
                    _compare(block, written)
                case _ if name := block.value("file"):
                    _write(folder / name, block.text)
                case _:
                    continue


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _run(block: Block, folder: Path, *, fails: bool) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.text],
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    if (done.returncode != 0) is not fails:
        pytest.fail(f"line {block.line}: exit code {done.returncode}\n{block.text}\n{done.stdout}", pytrace=False)
    return done.stdout


def _start(block: Block, folder: Path, stack: ExitStack) -> None:
    command = f"exec {block.text.strip()}"
    with (folder / f"background-{block.line}.log").open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", command], cwd=folder, env=_environment(), stdout=log, stderr=subprocess.STDOUT
        )
    stack.callback(_end, process)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGINT)
    process.wait(ENDS_WITHIN)


def _compare(block: Block, written: str) -> None:
    expected = [re.escape(line.rstrip()).replace(re.escape("..."), ".*") for line in block.text.splitlines()]
    pattern = "".join("(?:.*\n)*" if line == ".*" else f"{line} *\n" for line in expected)
    if not re.fullmatch(pattern, written if written.endswith("\n") else f"{written}\n"):
        pytest.fail(f"line {block.line}: expected\n{block.text}\nbut there was\n{written}", pytrace=False)


def _environment() -> dict[str, str]:
    here = {name: value for name, value in os.environ.items() if not name.startswith("MILLHAND_")}
    programs = Path(sys.executable).parent
    return {**here, "PATH": f"{programs}{os.pathsep}{here['PATH']}", "MILLHAND_HTTP__PORT": "0", "NO_COLOR": "1"}
