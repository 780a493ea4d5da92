"""For tests of programs that use millhand, and of parts that plug into it."""

from millhand.testing.asserts import assert_enqueued, assert_stored
from millhand.testing.clock import FakeClock, MovableClock
from millhand.testing.inline import InlineApp, Ran, run_job

__all__ = ["FakeClock", "InlineApp", "MovableClock", "Ran", "assert_enqueued", "assert_stored", "run_job"]
