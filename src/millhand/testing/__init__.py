"""For tests of programs that use millhand, and of parts that plug into it."""

from millhand.testing.asserts import assert_enqueued, assert_stored
from millhand.testing.inline import InlineApp, Ran, run_job

__all__ = ["InlineApp", "Ran", "assert_enqueued", "assert_stored", "run_job"]
