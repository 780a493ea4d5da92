"""The picture of `make run` in the README: the real demonstration, its table as a terminal shows it.

Needs LibreOffice, and takes the time that the demonstration takes, so it is made on demand only.
"""

import fcntl
import os
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

from scripts.gen_docs.source import ROOT

PICTURE = ROOT / "docs" / "images" / "make-run.svg"
_COLUMNS, _ROWS = 124, 40
_LAST_WORDS = 2
_FONT_FROM_ELSEWHERE = re.compile(r" *@font-face \{.*?\}\n", re.DOTALL)


def take() -> None:
    """Run the demonstration in an empty folder, and draw what it shows at its end."""
    with tempfile.TemporaryDirectory() as folder:
        table, words = _demonstration(Path(folder))
    console = Console(record=True, width=_COLUMNS, force_terminal=True, file=open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - a device
    console.print(Text("$ make run ARGS=--until-idle", style="bold"))
    console.print(Text.from_ansi(table))
    console.print(*words, sep="\n", highlight=False)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    picture = console.export_svg(title="millhand", unique_id="make-run")
    PICTURE.write_text(_FONT_FROM_ELSEWHERE.sub("", picture), encoding="utf-8")


def _demonstration(folder: Path) -> tuple[str, list[str]]:
    """What it writes to a terminal as data, and its last words."""
    program = Path(sys.executable).with_name("millhand")
    screen, terminal = os.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
    with subprocess.Popen(
        [str(program), "up", "--demo", "--until-idle", "--http", "0"],
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": str(_COLUMNS)},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(terminal)
        table = _read(screen)
        words = process.stderr.read().splitlines() if process.stderr else []
    if process.returncode != 0:
        raise SystemExit(f"the demonstration failed: {words}")
    return table, words[-_LAST_WORDS:]


def _read(screen: int) -> str:
    found = b""
    try:
        while piece := os.read(screen, 65_536):
            found += piece
    except OSError:  # Linux says so when the last writer has closed its end
        pass
    os.close(screen)
    return found.decode().replace("\r\n", "\n").rstrip()
