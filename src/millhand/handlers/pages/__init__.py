"""Web pages: exported at a physical size, as pictures and PDFs."""
