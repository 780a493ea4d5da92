"""The document bench: every way of converting in turn, then the corpus."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench import corpus, environment
from bench.documents import run_corpus
from bench.documents.converters.cold import FreshConverter, SeededConverter
from bench.documents.converters.converter import Converter, ConverterMissingError
from bench.documents.converters.engine import EngineConverter
from bench.documents.converters.uno import UnoConverter
from bench.documents.measure import AT_ONCE, MEASURES, Measuring, NoPdfError, Sizes
from bench.environment import ROOT
from bench.machine import folder_on_disk
from bench.results import Results

FULL = Sizes(single=30, parallel=60, weighed=20)
QUICK = Sizes(single=8, parallel=12, weighed=6)

_DOCUMENT = ROOT / "src" / "millhand" / "demo" / "samples" / "registration-form.docx"

CONVERTERS: dict[str, Callable[[Path], Converter]] = {
    EngineConverter.contender.name: EngineConverter,
    FreshConverter.contender.name: FreshConverter,
    SeededConverter.contender.name: SeededConverter,
    UnoConverter.contender.name: lambda folder: UnoConverter(folder, AT_ONCE),
}


def run(sizes: Sizes, repeats: int, only: Sequence[str]) -> Results:
    """Measure the converters whose names contain one of `only` (all if it is empty)."""
    environment.ensure()
    results = Results("Documents", MEASURES, notes=[_note(sizes, repeats)])
    wanted = [name for name in CONVERTERS if not only or any(part in name for part in only)]
    with folder_on_disk() as folder:
        for repeat in range(repeats):
            for name in (name for name in wanted if name not in results.absent):
                print(f"bench: {name}, repeat {repeat + 1} of {repeats}", file=sys.stderr)
                own = folder / f"{wanted.index(name)}-{repeat}"
                own.mkdir()
                _measure(CONVERTERS[name](own / "converter"), Measuring(_DOCUMENT, own, sizes), results)
    return results


def run_documents(most: int, longest: float) -> Results:
    """Convert about so many documents of the corpus (0: all), spread evenly over it, in `longest` seconds each."""
    documents = corpus.present()
    if not documents:
        nothing = Results("Mixed public documents", run_corpus.MEASURES)
        nothing.absent["the corpus"] = "it is not here: python -m bench.corpus fetches it"
        return nothing
    step = max(1, len(documents) // most) if most else 1
    with folder_on_disk() as folder:
        print(f"bench: {len(documents[::step])} documents of the corpus", file=sys.stderr)
        return run_corpus.run(documents[::step], folder, longest)


def _measure(converter: Converter, measuring: Measuring, results: Results) -> None:
    with converter:
        try:
            results.add(converter.contender, measuring.measure(converter))
        except ConverterMissingError as error:
            results.absent[converter.contender.name] = str(error)
        except NoPdfError:
            results.absent[converter.contender.name] = "it wrote no PDF"


def _note(sizes: Sizes, repeats: int) -> str:
    return (
        f"{repeats} repeats with {_DOCUMENT.name} (one page): {sizes.single} one after another, {sizes.parallel} "
        f"{AT_ONCE} at a time, {sizes.weighed} while memory was watched."
    )
