"""What a newer millhand has sent is refused rather than guessed at."""

import pytest

from millhand.core.envelope import check_version
from millhand.core.errors import Permanent
from millhand.core.job import ENVELOPE_VERSION


@pytest.mark.parametrize("version", [0, ENVELOPE_VERSION + 1])
def test_another_version_is_refused_rather_than_guessed_at(version: int) -> None:
    with pytest.raises(Permanent) as refused:
        check_version(version)
    assert refused.value.code == "unknown_version"
    assert "upgrade" in refused.value.hint


def test_the_present_version_passes() -> None:
    check_version(ENVELOPE_VERSION)
