"""The composition root: kinds, settings, broker, ledger and blobs wired into an App, and its worker."""
