"""Measures millhand's queue and document engine beside their peers. Run it as `python -m bench`."""
