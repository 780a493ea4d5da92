"""The variables of the page exporter, by the names of the worker that it takes the place of."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from millhand.config.units import Seconds, Texts
from millhand.core.errors import InvalidArgs
from millhand.handlers.pages.sizes import length_of
from millhand.notify.http import Caller
from millhand.services.environment import ServiceSettings

_YES = frozenset({"true", "1", "yes", "on"})
_IN_A_CONTAINER = Path("/app")
_PORTS = {"http": 80, "https": 443}


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"'{text}' is no web address; write it as http://host:port")
    if parts.username is not None:
        raise ValueError("it holds a user's name; send a key with API_KEY instead")
    _ = parts.port  # raises ValueError for one that is no number
    return text.rstrip("/")


def _length(text: str) -> str:
    try:
        length_of(text)
    except InvalidArgs as error:
        raise ValueError(f"{error.message}; write such as 0.125in, 3mm or 9pt") from error
    return text


def _is_yes(value: object) -> object:
    return value.strip().lower() in _YES if isinstance(value, str) else value


WebAddress = Annotated[str, AfterValidator(_web_address)]
Length = Annotated[str, AfterValidator(_length)]
YesOrNo = Annotated[bool, BeforeValidator(_is_yes)]


class PageExportSettings(ServiceSettings):
    """What the page exporter is told."""

    database_url: str = Field(
        default="",
        description="PostgreSQL with the producer's pg-boss, as postgresql://user:password@host:5432/name; without it"
        " (and without DATABASE_HOST) jobs wait in millhand's own queue.",
    )
    database_host: str = Field(default="", description="In place of DATABASE_URL: PostgreSQL's host.")
    database_port: int = Field(default=5432, ge=1, le=65_535, description="With DATABASE_HOST: its port.")
    database_name: str = Field(default="alwaysmap", description="With DATABASE_HOST: the database.")
    database_user: str = Field(default="postgres", description="With DATABASE_HOST: the user.")
    database_password: SecretStr = Field(default=SecretStr(""), description="With DATABASE_HOST: the password.")
    pgboss_schema: str = Field(default="pgboss", pattern=r"^\w+$", description="The schema with pg-boss's tables.")
    api_url: WebAddress = Field(
        default="http://localhost:5173", description="The API server that is told how each job goes."
    )
    api_key: SecretStr = Field(
        default=SecretStr(""), description="Sent to the API as a bearer token; without it no such header is sent."
    )
    api_timeout: Seconds = Field(default=10.0, gt=0, description="How long one call to the API may take.")
    render_base_url: WebAddress | Literal[""] = Field(
        default="", description="Where pages are rendered from; unset means API_URL."
    )
    export_dir: str = Field(
        default="",
        description="Where files go: a folder, or a URL such as s3://bucket/exports. Unset means /app/exports where"
        " there is an /app, as in a container, and else data/exports.",
    )
    export_format: Literal["png", "pdf"] = Field(default="png", description="What is made, unless a job says it.")
    export_dpi: int = Field(default=300, ge=10, le=2_400, description="Pixels to the inch, unless a job says it.")
    export_bleed: Length = Field(
        default="0", description="What is added on each side to be cut off; the original worker adds 0.125in."
    )
    export_fonts: Texts = Field(default=(), description="Fonts without which an export fails, with commas.")
    debug_mode: YesOrNo = Field(default=False, description="Write a JSON file with the facts beside each export.")
    puppeteer_executable_path: str = Field(default="", description="Chromium's program; unset means to look for it.")

    @property
    def queue_url(self) -> str:
        """PostgreSQL with the producer's pg-boss, empty if there is none."""
        if self.database_url or not self.database_host:
            return self.database_url
        password = quote(self.database_password.get_secret_value(), safe="")
        user = quote(self.database_user, safe="") + (f":{password}" if password else "")
        return f"postgresql://{user}@{self.database_host}:{self.database_port}/{quote(self.database_name)}"

    @property
    def caller(self) -> Caller:
        """How the API is called."""
        key = self.api_key.get_secret_value()
        return Caller(seconds=self.api_timeout, headers={"Authorization": f"Bearer {key}"} if key else {})

    @property
    def render_url(self) -> str:
        """Where pages are rendered from."""
        return self.render_base_url or self.api_url

    @property
    def render_host(self) -> str:
        """The one private host that pages may reach, as host:port."""
        parts = urlsplit(self.render_url)
        return f"{parts.hostname}:{parts.port or _PORTS[parts.scheme]}"

    @property
    def exports(self) -> str:
        """Where files go."""
        return self.export_dir or ("/app/exports" if _IN_A_CONTAINER.is_dir() else "data/exports")
