"""Handlers: what the kinds of jobs do. Pure domain code stands beside thin handlers."""
