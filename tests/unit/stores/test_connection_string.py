"""Azure's connection strings."""

import pytest

from millhand.core.errors import ConfigError
from millhand.stores import AzureAccess, parse_connection_string


@pytest.mark.parametrize(
    ("text", "access"),
    [
        (
            "DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=a2V5==;EndpointSuffix=core.windows.net",
            AzureAccess(account="acme", key="a2V5==", endpoint="https://acme.blob.core.windows.net"),
        ),
        (
            "AccountName=acme;AccountKey=k;BlobEndpoint=http://127.0.0.1:1/acme;QueueEndpoint=http://127.0.0.1:2/acme;",
            AzureAccess(account="acme", key="k", endpoint="http://127.0.0.1:1/acme"),
        ),
        (
            "BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=?sv=2021&sig=a%3D",
            AzureAccess(account="acme", sas_token="sv=2021&sig=a%3D", endpoint="https://acme.blob.core.windows.net"),
        ),
        (" accountname=acme ; accountkey=k ", AzureAccess(account="acme", key="k")),
    ],
)
def test_what_it_says(text: str, access: AzureAccess) -> None:
    assert parse_connection_string(text) == access


def test_the_emulator_has_a_name_of_its_own() -> None:
    assert parse_connection_string("UseDevelopmentStorage=true").endpoint == "http://127.0.0.1:10000/devstoreaccount1"


@pytest.mark.parametrize("text", ["hunter2", "AccountKey=hunter2", "AccountName=a;hunter2"])
def test_what_is_none_is_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_connection_string(text)
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"
