"""What users ask of a PDF, in Word's terms; and what Word can't do of it."""

import re

from millhand.core.errors import Permanent
from millhand.engines.soffice.errors import PasswordNeeded
from millhand.engines.word.values import WordExport
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.preflight import Inspection

SUFFIXES = frozenset({".docx", ".docm", ".dotx", ".dotm", ".doc", ".dot", ".rtf"})

# Options of other documents than Word's, or (form_fields) with one way in Word, are no reason to turn a job away.
_KNOWN = frozenset({"page_ranges", "pdfa", "tagged", "bookmarks", "comments", "tracked_changes", "password"})
_KNOWN_TOO = frozenset({"update_fields", "update_indexes", "form_fields", "skip_empty_pages"})
_OF_OTHERS = frozenset({"single_page_sheets", "hidden_slides", "notes_pages"})
_ONE_RANGE = re.compile(r"(\d+)(?:(-)(\d*))?")


class NotForWord(Permanent):
    """Word can't do what is asked: another format than its own, or an option of the PDF that it does not have."""

    default_code = "not_for_word"
    default_hint = "Use engine auto or libreoffice, or leave these options out."


def word_export(options: PdfOptions, document: Inspection) -> WordExport:
    """The order for Word. Raises `NotForWord`, naming what it lacks; `PasswordNeeded` if one is needed and missing."""
    if document.suffix not in SUFFIXES:
        raise NotForWord(f"Word does not convert {document.suffix} documents here.")
    if lacking := _lacking(options):
        raise NotForWord(f"Word's PDF export has no {', '.join(lacking)}.")
    if document.encrypted and options.password is None and not document.maybe_open:
        raise PasswordNeeded("The document is encrypted, and no password was given.")
    first, last = _pages(options.page_ranges)
    return WordExport(
        first_page=first,
        last_page=last,
        archive=options.pdfa is not None,
        tagged=options.tagged is not False,
        outline=options.bookmarks,
        changes=options.tracked_changes,
        comments=options.comments == "margin",
        update_fields=options.update_fields,
        update_indexes=options.update_indexes,
        password=options.password.get_secret_value() if options.password is not None and document.encrypted else None,
    )


def _lacking(options: PdfOptions) -> list[str]:
    """The options, as they are written, that are set to something that Word has not."""
    changed = {name for name, field in PdfOptions.model_fields.items() if getattr(options, name) != field.default}
    lacking = sorted(changed - _KNOWN - _KNOWN_TOO - _OF_OTHERS)
    if options.pdfa not in {None, "1b"}:
        lacking.append(f"pdfa {options.pdfa}")
    if options.comments == "annotations":
        lacking.append("comments as annotations")
    if options.page_ranges is not None and not _ONE_RANGE.fullmatch(options.page_ranges):
        lacking.append("several page_ranges")
    return lacking


def _pages(ranges: str | None) -> tuple[int, int | None]:
    """The first and the last page of one range, None for the end."""
    found = _ONE_RANGE.fullmatch(ranges or "1-")
    if found is None:
        return 1, None
    first, dash, last = found.groups()
    return int(first), int(last) if last else None if dash else int(first)
