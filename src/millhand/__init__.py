"""One worker for content jobs: it takes jobs from a queue, runs them safely, and shows what happened."""

from millhand.app.app import App
from millhand.core.context import Context
from millhand.core.errors import Permanent, Snooze, Transient
from millhand.core.job import Args, Job
from millhand.core.retry import RetryPolicy

__all__ = ["App", "Args", "Context", "Job", "Permanent", "RetryPolicy", "Snooze", "Transient"]
