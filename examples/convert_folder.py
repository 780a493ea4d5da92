"""Converts the documents in a folder to PDF, and says of each how it went.

millhand worker
python examples/convert_folder.py my-documents
"""

import sys
from pathlib import Path

from millhand import Job
from millhand.app.built_in import app
from millhand.handlers.documents.convert import ConvertDocument

SUFFIXES = {".docx", ".doc", ".odt", ".rtf", ".xlsx", ".ods", ".pptx", ".odp"}


def main(folder: Path) -> None:
    """Send a job for each document, then wait for all of them."""
    documents = sorted(path.absolute() for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    with app.sync() as jobs:
        # With a key, starting this program twice does not convert anything twice at a time.
        sent = [jobs.enqueue(ConvertDocument(source=path.as_uri()), key=path.as_uri()) for path in documents]
        for path, job in zip(documents, sent, strict=True):
            print(f"{path.name}: {_words(jobs.wait(job, timeout=600))}")


def _words(job: Job[ConvertDocument]) -> str:
    if job.failure is not None:
        return f"not converted: {job.failure.message}"
    different = ", may look different" if job.result["degraded"] else ""
    return f"{job.result['pages']} pages{different}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
