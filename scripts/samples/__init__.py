"""Writes the sample documents that `millhand up --demo` converts: `python -m scripts.samples`."""
