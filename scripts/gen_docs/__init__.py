"""Writes the reference pages of `docs/reference/` from the code itself, and the table in the README.

`python -m scripts.gen_docs` writes them, `--check` tells which are stale, `--measure` first runs the contract suites
and keeps their results in `docs/reference/contract-results.json`, `--screenshot` takes the README's picture anew.
"""
