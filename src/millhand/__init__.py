"""One worker for content jobs: it takes jobs from a queue, runs them safely, and shows what happened."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millhand.app.app import App
    from millhand.core.context import Context
    from millhand.core.errors import Permanent, Snooze, Transient
    from millhand.core.job import Args, Job
    from millhand.core.retry import RetryPolicy

__all__ = ["App", "Args", "Context", "Job", "Permanent", "RetryPolicy", "Snooze", "Transient"]

_HOMES = {
    "App": "millhand.app.app",
    "Args": "millhand.core.job",
    "Context": "millhand.core.context",
    "Job": "millhand.core.job",
    "Permanent": "millhand.core.errors",
    "RetryPolicy": "millhand.core.retry",
    "Snooze": "millhand.core.errors",
    "Transient": "millhand.core.errors",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562): the parts of millhand start quicker without the whole."""
    if name not in _HOMES:
        raise AttributeError(f"module 'millhand' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
