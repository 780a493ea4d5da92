"""What can be wrong with a document before any engine has seen it, in words for the person whose document it is."""

from millhand.core.errors import EngineFailed, Permanent


class BadDocument(Permanent):
    """The document can't or must not be converted. The code says which of the reasons it is."""

    default_code = "bad_document"
    default_hint = "Open it in the program that made it and save it again."


class BadPdf(EngineFailed):
    """An engine wrote a PDF that does not open or has no pages."""

    default_code = "bad_pdf"
