"""Documents that try to reach out: to addresses, and to files of the machine. Each is made around a bait."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from tests.hostile.bait import Bait
from tests.hostile.opendocument import OPENDOCUMENT
from tests.hostile.plain import PLAIN
from tests.hostile.sheets import SHEETS
from tests.hostile.slides import SLIDES
from tests.hostile.word import WORD

Maker: TypeAlias = Callable[[Path, Bait], Path]

HOSTILE: Mapping[str, Maker] = {**WORD, **SHEETS, **SLIDES, **OPENDOCUMENT, **PLAIN}
"""What each document tries, and what makes it in a folder."""
