"""The variables of the document server, by the names of the worker that it takes the place of."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from millhand.config.store_variables import store_values
from millhand.config.units import Seconds
from millhand.services.environment import ServiceSettings

_NO = frozenset({"false", "0", "no", "off"})
_HOST = re.compile(r"(https?://)?[^/@:?#\s]+(:\d+)?/?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^?#\s]*)?")
_OPTIONS = {"jobs": "off", "idle_poll": "5", "attempts": "3", "patient": "on", "taken": "on"}
"""Files alone; seen within seconds, as users of the original are used to; and whoever waits takes the PDF away."""


def _host(text: str) -> str:
    if text and not _HOST.fullmatch(text):
        raise ValueError(f"'{text}' is no host; write such as minio.example.com")
    return text.rstrip("/")


def _bucket(text: str) -> str:
    if not _BUCKET.fullmatch(text):
        raise ValueError(f"'{text}' is no name of a bucket")
    return text.strip("/")


def _unless_no(value: object) -> object:
    """TLS is given up for a clear no alone."""
    return value.strip().lower() not in _NO if isinstance(value, str) else value


class DocserverSettings(ServiceSettings):
    """What the document server is told."""

    env_file: ClassVar[str] = "docserver.env"

    minio_endpoint: Annotated[str, AfterValidator(_host)] = Field(
        default="", description="The host of MinIO, or of what speaks S3 like it; unset means Amazon's S3."
    )
    minio_port: int = Field(default=0, ge=0, le=65_535, description="Its port; unset means 443, or 80 without TLS.")
    minio_secure: Annotated[bool, BeforeValidator(_unless_no)] = Field(
        default=True, description="Whether it is reached by TLS; false: http."
    )
    minio_access_key: str = Field(default="", description="The access key.")
    minio_secret_key: SecretStr = Field(default=SecretStr(""), description="The secret of the access key.")
    minio_bucket: Annotated[str, AfterValidator(_bucket)] = Field(
        default="performancewest",
        description="The bucket, or a folder of one such as office/letters. Without this and MINIO_ENDPOINT, jobs wait"
        " in millhand's own queue.",
    )
    docserver_timeout: Seconds = Field(
        default=120.0, gt=0, description="How long a client waits for its PDF; no document is worked on for longer."
    )

    docserver_engine: Literal["auto", "word", "libreoffice"] = Field(
        default="auto",
        description="auto: Word where it is installed, and LibreOffice if Word does not make it. word: the same, and"
        " what LibreOffice makes counts as degraded. libreoffice: that alone.",
    )

    @property
    def broker(self) -> str:
        """Where documents wait, as the URL of a broker; empty if no bucket is told."""
        if not self.minio_endpoint and "minio_bucket" not in self.model_fields_set:
            return ""
        return f"s3://{self.minio_bucket}?{urlencode(_OPTIONS)}"

    @property
    def store(self) -> Mapping[str, tuple[object, str]]:
        """The settings of the store that its variables stand for, each with the name of its variable."""
        if not self.minio_endpoint and not self.minio_access_key:
            return {}
        told = {
            "MINIO_ENDPOINT": self.minio_endpoint,
            "MINIO_PORT": str(self.minio_port or ""),
            "MINIO_SECURE": str(self.minio_secure),
            "MINIO_ACCESS_KEY": self.minio_access_key,
            "MINIO_SECRET_KEY": self.minio_secret_key.get_secret_value(),
        }
        return {
            setting: (SecretStr(value) if "secret" in setting else value, variable)
            for setting, value, variable in store_values(told)
        }
