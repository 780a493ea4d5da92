"""Which tests stay together where several processes run them: those that share what takes seconds to make."""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER = (
    "tests/acceptance/documents/",
    "tests/integration/cli/test_served.py",
    "tests/integration/dashboard/",
    "tests/integration/ledger/test_scale.py",
    "tests/integration/test_sample_documents.py",
    "tests/integration/web/",
    "tests/tour/",
)
"""Beginnings of the ids of tests that one process runs, so that it alone starts their servers. Any other test goes to
the process that is free first, since a whole file may take minutes."""


class Groups(LoadScopeScheduling):
    """Hands out the tests of a group to one process, and every other test alone."""

    def _split_scope(self, nodeid: str) -> str:
        return next((group for group in TOGETHER if nodeid.startswith(group)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Groups | None:
    """Take the place of xdist's own groups: 3.8 appends their names to an id that pytest 9.2 keeps elsewhere."""
    return Groups(config, log) if config.getoption("dist") == "loadgroup" else None
