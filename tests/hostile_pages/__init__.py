"""Hostile and broken pages, made from templates by a seed; `python -m tests.hostile_pages` has a worker export them."""
