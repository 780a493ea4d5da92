"""What outside programs learn of the environment: enough to work, no secret."""

import pytest

from millhand.engines.environment import without_secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MILLHAND_HTTP__KEY", "k"),
        ("MILLHAND_DATABASE", "sqlite:///a.db"),
        ("DATABASE_URL", "postgresql://ann:hidden@db/jobs"),
        ("AWS_SECRET_ACCESS_KEY", "s"),
        ("GITHUB_TOKEN", "t"),
        ("AZURE_STORAGE_CONNECTION_STRING", "AccountName=a;AccountKey=k;EndpointSuffix=core.windows.net"),
    ],
)
def test_secrets_stay_here(name: str, value: str) -> None:
    assert without_secrets({name: value}) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/bin:/bin"),
        ("LC_ALL", "de_DE.UTF-8"),
        ("XKB_DEFAULT_LAYOUT", "de"),
        ("HTTP_PROXY", "http://proxy.example:3128"),
        ("FONTCONFIG_FILE", "/etc/fonts/fonts.conf"),
    ],
)
def test_the_rest_is_passed_on(name: str, value: str) -> None:
    assert without_secrets({name: value}) == {name: value}
