"""The page bench: every way of exporting in turn, at a screen's size and at two of print."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Error as PlaywrightError

from bench.machine import folder_on_disk
from bench.pages.contenders import Exporter, FreshExporter, ScreenshotExporter, WarmExporter
from bench.pages.memory import watched
from bench.pages.sheets import Sheet, cells, drawing, wrong_cells
from bench.results import Measure, Results
from millhand.core.errors import EngineMissing

_MIB = 1 << 20
_SCREEN, _POSTER, _LARGE = drawing(8.5, 11, 96), drawing(18, 24, 300), drawing(24, 36, 300)
_CHECK = cells(36, 48, 300)
_WRONG = f"wrong cells of {_CHECK.width * _CHECK.height:,.0f} at {_CHECK.name}"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many pages for each time, and whether the sheet of cells is exported and looked at."""

    pages: int
    check: bool


FULL = Sizes(pages=5, check=True)
QUICK = Sizes(pages=2, check=False)

MEASURES = (
    Measure(_SCREEN.name, "ms", "lower"),
    Measure(_POSTER.name, "s", "lower"),
    Measure(_LARGE.name, "s", "lower"),
    Measure(f"renderer {_POSTER.name}", "MiB", "lower"),
    Measure(f"all {_POSTER.name}", "MiB", "lower"),
    Measure(f"renderer {_LARGE.name}", "MiB", "lower"),
    Measure(f"all {_LARGE.name}", "MiB", "lower"),
    Measure(_WRONG, "", "lower"),
)
EXPORTERS: dict[str, Callable[[], Exporter]] = {
    one.contender.name: one for one in (WarmExporter, FreshExporter, ScreenshotExporter)
}


def run(sizes: Sizes, repeats: int, only: Sequence[str]) -> Results:
    """Measure the ways whose names contain one of `only` (all if it is empty)."""
    results = Results("Pages", MEASURES, notes=[_note(sizes, repeats)])
    wanted = [name for name in EXPORTERS if not only or any(part in name for part in only)]
    with folder_on_disk() as folder:
        for repeat in range(repeats):
            for name in (name for name in wanted if name not in results.absent):
                print(f"bench: {name}, repeat {repeat + 1} of {repeats}", file=sys.stderr)
                _measure(EXPORTERS[name](), folder, sizes, results)
    return results


def _measure(exporter: Exporter, folder: Path, sizes: Sizes, results: Results) -> None:
    with exporter:
        try:
            exporter.start()
        except EngineMissing as missing:
            results.absent[exporter.contender.name] = missing.message
            return
        target = folder / "sheet.png"
        exporter.export(_SCREEN, target)  # so that every part is warm
        measured: dict[str, float] = {}
        for sheet, unit in ((_SCREEN, 1_000), (_POSTER, 1), (_LARGE, 1)):
            measured[sheet.name] = unit * statistics.median(_times(exporter, sheet, target, sizes.pages))
        for sheet in (_POSTER, _LARGE):
            with watched() as peak:
                exporter.export(sheet, target)
            measured |= {f"renderer {sheet.name}": peak.renderer / _MIB, f"all {sheet.name}": peak.all / _MIB}
        if sizes.check:
            measured[_WRONG] = _wrong_cells(exporter, target)
        results.add(exporter.contender, measured)


def _wrong_cells(exporter: Exporter, target: Path) -> int:
    """How many are wrong; all, where the browser refuses so large a picture, as it does now and then."""
    target.unlink()
    with suppress(PlaywrightError):
        exporter.export(_CHECK, target)
    return wrong_cells(_CHECK, target) if target.exists() else round(_CHECK.width * _CHECK.height)


def _times(exporter: Exporter, sheet: Sheet, target: Path, count: int) -> Iterator[float]:
    for _ in range(count):
        began = time.perf_counter()
        exporter.export(sheet, target)
        yield time.perf_counter() - began


def _note(sizes: Sizes, repeats: int) -> str:
    return (
        f"{repeats} repeats; each time is the median of {sizes.pages} PNGs of a drawing with 2,500 translucent shapes "
        "and 400 labels, from the call to the finished file. Memory was watched in a pass of its own."
    )
