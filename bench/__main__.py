"""Run the benchmarks: `python -m bench`, or `make bench`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import bench.bucket.bench as bucket
import bench.documents.bench as documents
import bench.queues.bench as queues
import bench.web.bench as web
from bench import corpus, machine, report
from bench.results import Results

_REPEATS = 3
_PATIENCE = 120.0
# How many documents (0: all), and the seconds that each may take.
_QUICK_CORPUS = (60, 20.0)
_FULL_CORPUS = (0, 60.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the chosen parts, print the page and write it; 1 if the machine is busy and that was not allowed."""
    options = _parser().parse_args(arguments)
    before = machine.wait_until_quiet(0 if options.anyway else _PATIENCE)
    print(f"bench: {before}", file=sys.stderr)
    if not before.quiet and not options.anyway:
        print("bench: the machine is too busy to measure anything; --anyway measures all the same", file=sys.stderr)
        return 1
    parts = options.part or list(_PARTS)
    sections = [section for part in parts for section in _PARTS[part](options)]
    size = ("quick" if options.quick else "full") + ("" if set(parts) == set(_PARTS) and not options.only else "-part")
    page = report.Report(size, report.now(), machine.facts(), before, machine.load(), sections)
    print(page.markdown())
    if not options.dry_run:
        written = ", ".join(str(path) for path in page.write(options.results))
        print(f"bench: written to {written}", file=sys.stderr)
    return 0


def _queues(options: argparse.Namespace) -> Sequence[Results]:
    return [queues.run(queues.QUICK if options.quick else queues.FULL, _repeats(options), options.only)]


def _documents(options: argparse.Namespace) -> Sequence[Results]:
    return [documents.run(documents.QUICK if options.quick else documents.FULL, _repeats(options), options.only)]


def _corpus(options: argparse.Namespace) -> Sequence[Results]:
    # What can't be fetched is missing from the count; the page says how many documents there were.
    corpus.main([])
    return [documents.run_documents(*(_QUICK_CORPUS if options.quick else _FULL_CORPUS))]


def _pages(options: argparse.Namespace) -> Sequence[Results]:
    try:
        import bench.pages.bench as pages  # noqa: PLC0415 - Playwright and Pillow, an extra, may be missing
    except ImportError as missing:
        nothing = Results("Pages", ())
        nothing.absent["pages"] = f"{missing.name} is not installed: it comes with the extra `pages`"
        return [nothing]
    return [pages.run(pages.QUICK if options.quick else pages.FULL, _repeats(options), options.only)]


def _bucket(options: argparse.Namespace) -> Sequence[Results]:
    return [bucket.run(bucket.QUICK if options.quick else bucket.FULL, _repeats(options))]


def _web(options: argparse.Namespace) -> Sequence[Results]:
    return web.run(web.QUICK if options.quick else web.FULL, _repeats(options), options.only)


_PARTS: dict[str, Callable[[argparse.Namespace], Sequence[Results]]] = {
    "queues": _queues,
    "documents": _documents,
    "corpus": _corpus,
    "pages": _pages,
    "bucket": _bucket,
    "web": _web,
}


def _repeats(options: argparse.Namespace) -> int:
    return options.repeats or (1 if options.quick else _REPEATS)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--part", action="append", choices=list(_PARTS), help="only this part (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="a rough look: fewer jobs, documents and repeats")
    parser.add_argument("--repeats", type=int, default=0, help=f"repeats of each measure (default {_REPEATS}, quick 1)")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only contenders with NAME in theirs"
    )
    parser.add_argument("--anyway", action="store_true", help="measure even though the machine is busy")
    parser.add_argument("--dry-run", action="store_true", help="print the page, write nothing")
    parser.add_argument("--results", type=Path, default=report.FOLDER, help="folder for the results")
    return parser


if __name__ == "__main__":
    sys.exit(main())
