"""What can be wrong with a document before any engine has seen it, in words for the person whose document it is."""

from millhand.core.errors import EngineFailed, Permanent
from millhand.core.words import count_of


class BadDocument(Permanent):
    """The document can't or must not be converted. The code says which of the reasons it is."""

    default_code = "bad_document"
    default_hint = "Open it in the program that made it and save it again."


def no_such_page(wanted: str, pages: int) -> BadDocument:
    """The error for page ranges of which a document of so many pages has none."""
    return BadDocument(
        f"The document has {count_of(pages, 'page')}, and none of those asked for: {wanted}.",
        code="no_such_page",
        hint=f"Ask for pages from 1 to {pages}." if pages > 1 else "Ask for page 1, or for none in particular.",
    )


class BadPdf(EngineFailed):
    """An engine wrote a PDF that does not open or has no pages."""

    default_code = "bad_pdf"
