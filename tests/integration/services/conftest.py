"""The application that exports are made for, for each test anew."""

from collections.abc import Iterator

import pytest

from tests.integration.services.application import Application, serving


@pytest.fixture
def application() -> Iterator[Application]:
    with serving() as started:
        yield started
