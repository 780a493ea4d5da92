"""The document bench: the LibreOffice engine beside the usual ways to turn a document into a PDF."""
