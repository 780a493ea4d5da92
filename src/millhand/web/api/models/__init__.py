"""What the API answers with and takes: the ledger's views as documented JSON."""
