"""How a store is reached: where it is, and with which credentials. Secrets are kept out of every text."""

from dataclasses import dataclass, field
from pathlib import Path

DEFAULT_REGION = "us-east-1"
DEFAULT_SILENCE = 60.0
"""Seconds that a server may say nothing, before its answer or amid it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Access:
    """How S3, or what speaks like it, is reached.

    An empty `endpoint` means Amazon's own. Without a key, the client asks what the machine offers: a web identity, the
    container's role, the instance's role. `origin` says where the key came from, for the error when it is refused.
    `ca_file` holds the certificates (PEM) that the server's is checked by, beside those of the system.
    """

    endpoint: str = ""
    region: str = DEFAULT_REGION
    access_key_id: str = ""
    secret_access_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    origin: str = ""
    path_style: bool = True
    anonymous: bool = False
    ca_file: Path | None = None
    silence: float = DEFAULT_SILENCE

    @property
    def credentials(self) -> str:
        """With what requests are signed, in words."""
        if self.anonymous:
            return "no credentials, as anonymous access is set"
        if not self.access_key_id:
            return "the role or web identity of this machine, as no access key is set"
        source = f" from {self.origin}" if self.origin else ""
        return f"the access key {self.access_key_id}{source}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureAccess:
    """How Azure Blob Storage is reached.

    An empty `endpoint` means `https://ACCOUNT.blob.core.windows.net`. Without key and token, the client asks for a
    service principal or workload identity in the environment, then for the machine's managed identity.
    """

    endpoint: str = ""
    account: str = ""
    key: str = field(default="", repr=False)
    sas_token: str = field(default="", repr=False)
    origin: str = ""
    ca_file: Path | None = None
    silence: float = DEFAULT_SILENCE

    @property
    def credentials(self) -> str:
        """With what requests are signed, in words."""
        if not self.key and not self.sas_token:
            return "the identity of this machine, as neither account key nor token is set"
        source = f" from {self.origin}" if self.origin else ""
        return f"the {'account key' if self.key else 'shared access signature'} of {self.account}{source}"


@dataclass(frozen=True, slots=True)
class StoreAccess:
    """How each kind of store is reached."""

    s3: S3Access = field(default_factory=S3Access)
    azure: AzureAccess = field(default_factory=AzureAccess)
