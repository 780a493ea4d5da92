"""The way to Word on this machine, or why there is none. Can be loaded anywhere."""

import sys
from importlib.util import find_spec

from millhand.engines.word.errors import WordMissing
from millhand.engines.word.port import Com, Connect


def on_this_system() -> Connect | None:
    """How to reach Word here; None where there can be no Word."""
    return connect if sys.platform == "win32" else None


def connect() -> Com:
    """COM on this machine. Raises `WordMissing`."""
    if sys.platform != "win32":
        raise WordMissing("Word runs on Windows only.")
    if find_spec("pythoncom") is None:
        raise WordMissing("Word is driven by pywin32, which is not installed.")
    from millhand.engines.word.windows import WindowsCom  # noqa: PLC0415 - its imports need Windows

    return WindowsCom()
