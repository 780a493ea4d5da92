"""Which samples there are, and how they become files: the same program writes the same bytes."""

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from docx.document import Document as WordDocument

from scripts.samples import languages, longform, others, reports, review, structure

WORD: dict[str, Callable[[], WordDocument]] = {
    "arabic-letter.docx": languages.arabic_letter,
    "contract-under-review.docx": review.contract,
    "east-asian-texts.docx": languages.east_asian_texts,
    "essay-with-notes.docx": longform.essay,
    "font-specimen.docx": structure.fonts,
    "formulas.docx": structure.formulas,
    "handbook-of-50-pages.docx": longform.handbook,
    "hebrew-notice.docx": languages.hebrew_notice,
    "links-and-bookmarks.docx": structure.links,
    "newsletter-in-columns.docx": reports.newsletter,
    "outline-of-lists.docx": structure.outline,
    "picture-catalogue.docx": reports.picture_catalogue,
    "quarterly-report.docx": reports.quarterly_report,
    "registration-form.docx": review.registration_form,
    "text-boxes.docx": reports.flyer,
}
OTHER: dict[str, Callable[[], bytes]] = {
    "announcement.rtf": others.announcement,
    "budget.xlsx": others.workbook,
    "minutes.odt": others.minutes,
    "talk.pptx": others.slides,
}

EPOCH = (2024, 1, 1, 0, 0, 0)
DATES = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")


def word_bytes(document: WordDocument) -> bytes:
    """The document as a file."""
    document.core_properties.author = "millhand"
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def without_times(content: bytes) -> bytes:
    """The same archive with one fixed time everywhere; any other file as it is."""
    if not content.startswith(b"PK"):
        return content
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(written, "w") as target:
        for entry in source.infolist():
            plain = zipfile.ZipInfo(entry.filename, EPOCH)
            plain.compress_type = entry.compress_type
            data = source.read(entry)
            if entry.filename == "docProps/core.xml":
                data = DATES.sub(rb"\g<1>2024-01-01T00:00:00Z", data)
            if entry.filename.endswith(".xlsx"):  # the workbook behind a chart
                data = without_times(data)
            target.writestr(plain, data, compresslevel=9)
    return written.getvalue()


def write_samples(folder: Path) -> list[Path]:
    """Write every sample into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {name: word_bytes(make()) for name, make in WORD.items()}
    contents |= {name: make() for name, make in OTHER.items()}
    for name, content in contents.items():
        (folder / name).write_bytes(without_times(content))
    return sorted(folder / name for name in contents)
