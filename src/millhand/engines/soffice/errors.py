"""How a conversion can fail, in words for the person whose document it is."""

from millhand.core.errors import EngineFailed, Permanent


class DocumentUnreadable(Permanent):
    """LibreOffice could not open the document, by either engine."""

    default_code = "document_unreadable"
    default_hint = "Open it in the program that made it and save it again."


class DocumentFailed(Permanent):
    """LibreOffice opened the document and could not write the PDF, or crashed over it, by either engine."""

    default_code = "document_failed"
    default_hint = "Open it in the program that made it, simplify it or save it again."


class PasswordNeeded(Permanent):
    """The document is encrypted, and no password or the wrong one was given."""

    default_code = "password_needed"
    default_hint = "Give it as options.password (millhand convert --password-file), or remove the encryption."


class DocumentTooDemanding(Permanent):
    """The document needs more time, memory or output than one document is allowed."""

    default_code = "document_too_demanding"
    default_hint = "Split the document, or raise the limits for one document."


class ConversionStarved(EngineFailed):
    """The time was over before the document had much of a processor: the machine is too busy."""

    default_code = "conversion_starved"
    default_hint = "Run fewer jobs at a time on this machine, or raise the time limit."
