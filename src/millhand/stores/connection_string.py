"""Azure's connection strings: account, key and endpoint in one line of text."""

from millhand.core.errors import ConfigError
from millhand.stores.access import AzureAccess

_HINT = "Copy it from the portal: Storage account, Access keys. It reads AccountName=…;AccountKey=…;EndpointSuffix=…"
_EMULATOR = AzureAccess(
    endpoint="http://127.0.0.1:10000/devstoreaccount1",
    account="devstoreaccount1",
    key="Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
)
"""What `UseDevelopmentStorage=true` stands for; the key is the one that Azurite's documentation publishes."""


def parse_connection_string(text: str) -> AzureAccess:
    """The access that a connection string gives; raises `ConfigError`, without repeating it.

    The fields are those of Microsoft's "Configure Azure Storage connection strings".
    """
    fields = dict(_pair(part) for part in text.strip().strip(";").split(";"))
    if fields.get("usedevelopmentstorage", "").lower() == "true":
        return _EMULATOR
    endpoint, account = fields.get("blobendpoint", "").rstrip("/"), fields.get("accountname", "")
    if not account and not endpoint:
        raise ConfigError("the connection string of Azure names no account", hint=_HINT)
    if not endpoint and (suffix := fields.get("endpointsuffix")):
        endpoint = f"{fields.get('defaultendpointsprotocol', 'https')}://{account}.blob.{suffix}"
    return AzureAccess(
        endpoint=endpoint,
        account=account or _account_in(endpoint),
        key=fields.get("accountkey", ""),
        sas_token=fields.get("sharedaccesssignature", "").lstrip("?"),
    )


def _pair(part: str) -> tuple[str, str]:
    name, equals, value = part.partition("=")
    if not equals:
        raise ConfigError("the connection string of Azure has a part that is no name=value", hint=_HINT)
    return name.strip().lower(), value.strip()


def _account_in(endpoint: str) -> str:
    """The account in a host such as `account.blob.core.windows.net`; connection strings with a signature name none."""
    return endpoint.partition("://")[2].partition(".")[0]
