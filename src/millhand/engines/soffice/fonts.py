"""Fonts for LibreOffice: the aliases it gets, and which metric-compatible families this system lacks."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ALIASES = Path(__file__).with_name("fonts.conf")

# What a document asks for -> the free families with the same (or nearly the same) widths, best first.
STAND_INS: Mapping[str, tuple[str, ...]] = {
    "Aptos": ("Carlito",),
    "Aptos Display": ("Carlito",),
    "Arial": ("Liberation Sans", "Arimo"),
    "Arial Narrow": ("Liberation Sans Narrow",),
    "Calibri": ("Carlito",),
    "Calibri Light": ("Carlito",),
    "Cambria": ("Caladea",),
    "Courier New": ("Liberation Mono", "Cousine"),
    "Georgia": ("Gelasio", "DejaVu Serif"),
    "Helvetica": ("Liberation Sans", "Arimo"),
    "Segoe UI": ("Open Sans",),
    "Symbol": ("OpenSymbol",),
    "Times New Roman": ("Liberation Serif", "Tinos"),
    "Wingdings": ("OpenSymbol",),
}

# Family that conversions need -> the Debian and Ubuntu package that has it.
PACKAGES: Mapping[str, str] = {
    "Caladea": "fonts-crosextra-caladea",
    "Carlito": "fonts-crosextra-carlito",
    "DejaVu Serif": "fonts-dejavu-core",
    "Liberation Mono": "fonts-liberation2",
    "Liberation Sans": "fonts-liberation2",
    "Liberation Serif": "fonts-liberation2",
    "Noto Sans": "fonts-noto-core",
    "Open Sans": "fonts-open-sans",
}


@dataclass(frozen=True)
class MissingFont:
    """A family that is not installed, what documents look like it for, and the package that has it."""

    family: str
    stands_for: tuple[str, ...]
    package: str


def environment() -> dict[str, str]:
    """Environment variables that give a program the aliases beside the system's own configuration."""
    return {"FONTCONFIG_FILE": str(ALIASES)} if sys.platform == "linux" else {}


def installed_families() -> frozenset[str]:
    """Every font family that programs of this system can use; empty where fontconfig's `fc-list` is missing."""
    try:
        listing = subprocess.run(
            ["fc-list", ":", "family"],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            env={**os.environ, **environment()},
        )
    except (OSError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(name.strip() for line in listing.stdout.splitlines() for name in line.split(","))


def missing_fonts(installed: frozenset[str] | None = None) -> list[MissingFont]:
    """The families that common documents need and this system lacks, with the package to install for each."""
    present = installed_families() if installed is None else installed
    return [
        MissingFont(family, _stands_for(family), package)
        for family, package in PACKAGES.items()
        if family not in present
    ]


def _stands_for(family: str) -> tuple[str, ...]:
    return tuple(asked for asked, families in STAND_INS.items() if family in families)
