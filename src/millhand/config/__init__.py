"""Settings: typed, from defaults, a file, the environment and flags; each value remembers where it came from."""

from millhand.config.beneath import beneath, over
from millhand.config.check import check, refuse_contradictions
from millhand.config.describe import SettingFacts, describe
from millhand.config.load import Row, load, rows
from millhand.config.settings import Settings
from millhand.config.sources import Flag

__all__ = [
    "Flag",
    "Row",
    "SettingFacts",
    "Settings",
    "beneath",
    "check",
    "describe",
    "load",
    "over",
    "refuse_contradictions",
    "rows",
]
