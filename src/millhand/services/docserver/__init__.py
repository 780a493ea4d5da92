"""The document server: DOCX files that others put into a bucket become PDFs beside them; and the client for it."""
