"""Microsoft Word, driven by COM on Windows: documents become PDFs as their authors see them.

Microsoft does not recommend unattended Office, and its licence is the operator's duty. Everything here expects that
Word hangs, asks a question that nobody sees, or dies.
"""
