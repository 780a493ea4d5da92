"""Convert the corpus with millhand's engine, two documents at a time, and count how each one ends."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.documents.measure import AT_ONCE
from bench.results import Contender, Measure, Results
from bench.statistics import percentile
from millhand.core.errors import MillhandError
from millhand.engines.soffice import DocumentLimits, Soffice, SofficeSettings
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.preflight import inspect

_OK = "converted"
_SHOWN = 5
MEASURES = (
    Measure("documents", "", "higher"),
    Measure("converted", "", "higher"),
    Measure("by the cold engine", "", "lower"),
    Measure("refused", "", "lower"),
    Measure("out of time", "", "lower"),
    Measure("p50", "ms", "lower"),
    Measure("p95", "ms", "lower"),
    Measure("slowest", "s", "lower"),
    Measure("all", "s", "lower"),
)


@dataclass(frozen=True, slots=True)
class Ending:
    """How one document ended: `converted` or the code of the error; with which engine; in how many seconds."""

    name: str
    how: str
    engine: str
    seconds: float


def run(documents: Sequence[Path], folder: Path, longest: float) -> Results:
    """Convert all documents, each in `longest` seconds at most; the results have one repeat."""
    limits = DocumentLimits(seconds=longest)
    engine = Soffice(SofficeSettings(), folder)
    try:
        engine.warm_up()
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            endings = list(threads.map(lambda path: _convert(engine, path, folder, limits), documents))
        total = time.perf_counter() - began
        health = engine.check()
    finally:
        engine.close()
    results = Results("Mixed public documents", MEASURES)
    settings = f"preflight, fork server, then a cold `soffice`; {longest:g} s for each at most"
    results.add(Contender("millhand", settings), _summary(endings, longest, total))
    results.notes += _notes(endings)
    results.notes.append(f"Afterwards the engine is {'healthy' if health.healthy else 'sick: ' + health.detail}.")
    return results


def _convert(engine: Soffice, document: Path, folder: Path, limits: DocumentLimits) -> Ending:
    target = folder / f"{document.name}.pdf"
    began = time.perf_counter()
    how, by = _OK, ""
    try:
        export = PdfOptions().export(inspect(document, document.name))
        by = engine.convert(document, target, export, limits).engine
    except MillhandError as error:
        how = error.code
    finally:
        target.unlink(missing_ok=True)
    return Ending(document.name, how, by, time.perf_counter() - began)


def _summary(endings: Sequence[Ending], longest: float, total: float) -> dict[str, float]:
    times = [ending.seconds for ending in endings]
    converted = [ending for ending in endings if ending.how == _OK]
    late = [ending for ending in endings if ending.how != _OK and ending.seconds >= longest]
    return {
        "documents": len(endings),
        "converted": len(converted),
        "by the cold engine": sum(ending.engine == "soffice" for ending in converted),
        "refused": len(endings) - len(converted) - len(late),
        "out of time": len(late),
        "p50": 1_000 * percentile(times, 0.5),
        "p95": 1_000 * percentile(times, 0.95),
        "slowest": max(times),
        "all": total,
    }


def _notes(endings: Sequence[Ending]) -> list[str]:
    reasons = Counter(ending.how for ending in endings if ending.how != _OK)
    slowest = sorted(endings, key=lambda ending: -ending.seconds)[:_SHOWN]
    said = ", ".join(f"{count} {how}" for how, count in reasons.most_common())
    slow = ", ".join(f"{ending.name} {ending.seconds:.1f} s ({ending.how})" for ending in slowest)
    cold = Counter(Path(ending.name).suffix for ending in endings if ending.engine == "soffice")
    fell_back = ", ".join(f"{count} {suffix}" for suffix, count in cold.most_common())
    return [
        f"Reasons: {said or 'none refused'}.",
        f"By the cold engine: {fell_back or 'none'}.",
        f"Slowest: {slow}.",
    ]
