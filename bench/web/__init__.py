"""What the dashboard and the API take of time over a long ledger, and what it costs to tell many of what changes."""
