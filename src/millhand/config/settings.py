"""The settings, their types and defaults. A number of 0 switches a limit off where the description says so."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr, SecretStr

from millhand.config.api import ApiSettings
from millhand.config.blobs import BlobSettings
from millhand.config.group import Group
from millhand.config.machine import cores
from millhand.config.proxy import ProxySettings
from millhand.config.units import Durations, Mebibytes, Paths, Seconds, Texts
from millhand.core.durability import Durability

DEFAULT_DATABASE = "sqlite:///data/millhand.db"
DEFAULT_ORIGIN = "default"
_DAY = 86_400.0


class WorkerSettings(Group):
    """How jobs are taken and run."""

    executors: int = Field(default=0, ge=0, description="Processes that run handlers; 0 means one for each core.")
    slots: int = Field(default=1, ge=1, description="Jobs that one executor runs at a time.")
    queues: Texts = Field(default=(), description="Queues to take jobs from; empty means all.")
    lease: Seconds = Field(
        default=15.0, gt=0, description="A worker that is silent for so long loses its jobs to the others."
    )
    grace: Seconds = Field(
        default=30.0, description="How long a stopping worker lets jobs finish before it interrupts them."
    )
    kill_after: Seconds = Field(
        default=5.0, gt=0, description="How long a job that was told to stop may take before its executor is killed."
    )
    poll: Seconds = Field(
        default=1.0, gt=0, description="How often an idle worker looks for jobs even though nobody woke it."
    )
    outage_pauses: Durations = Field(
        default=(0.2, 0.5, 1.0, 2.0, 5.0, 10.0),
        description="Pauses before a queue that can't be reached is looked at again; the last one goes on for ever.",
    )
    start_limit: Seconds = Field(default=60.0, gt=0, description="How long an executor may take to come up.")
    recycle_jobs: int = Field(
        default=100_000, ge=0, description="Replace an executor after so many jobs; 0 means never."
    )
    recycle_memory: Mebibytes = Field(
        default=1_024, description="Replace an idle executor that holds more than this; 0 means never."
    )
    recycle_age: Seconds = Field(default=3_600.0, description="Replace an executor that is older; 0 means never.")
    memory_limit: Mebibytes = Field(
        default=2_048,
        description="Kill an executor whose process tree holds more, for kinds that set no limit; 0 means never.",
    )

    @property
    def executor_count(self) -> int:
        """How many executors to run on this machine."""
        return self.executors or cores()


class RetentionSettings(Group):
    """How long the history of finished jobs is kept."""

    completed: Seconds = Field(default=7 * _DAY, description="Keep completed jobs for so long; 0 means for ever.")
    cancelled: Seconds = Field(default=7 * _DAY, description="Keep cancelled jobs for so long; 0 means for ever.")
    discarded: Seconds = Field(default=30 * _DAY, description="Keep discarded jobs for so long; 0 means for ever.")
    audit: Seconds = Field(default=365 * _DAY, description="Keep the record of people's commands for so long.")
    sums: Seconds = Field(
        default=90 * _DAY, ge=_DAY, description="Keep how many jobs ended in each minute, for charts, for so long."
    )
    every: Seconds = Field(default=300.0, gt=0, description="How often old history is removed.")


class HttpSettings(Group):
    """The port for health, metrics and the API."""

    host: str = Field(default="127.0.0.1", description="Address to listen on; empty means no port at all.")
    port: int = Field(default=8450, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    key: SecretStr = Field(
        default=SecretStr(""),
        description="What clients must present, with every right; needed as soon as host is not this machine alone.",
    )

    @property
    def enabled(self) -> bool:
        """Whether to listen at all."""
        return bool(self.host)


class LogSettings(Group):
    """Log lines on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least grave level shown."
    )
    format: Literal["auto", "console", "json"] = Field(
        default="auto", description="auto means console on a terminal and json elsewhere."
    )


class LibreOfficeSettings(Group):
    """The engine that converts documents."""

    installation: str = Field(default="", description="LibreOffice's folder; empty means to look in the usual places.")
    fork_server: bool = Field(
        default=True, description="Keep a warm LibreOffice and fork it for each document; false starts one for each."
    )
    seconds: Seconds = Field(default=120.0, gt=0, description="How long one document may take.")
    memory: Mebibytes = Field(default=1_536, gt=0, description="How much memory one document may take.")
    max_input: Mebibytes = Field(default=200, gt=0, description="The largest document that is accepted.")
    max_unpacked: Mebibytes = Field(default=2_048, gt=0, description="The largest size to which a document may unpack.")
    max_output: Mebibytes = Field(default=1_024, gt=0, description="The largest PDF that is accepted.")
    recycle_documents: int = Field(default=500, ge=1, description="Start the warm engine anew after so many documents.")


class DocumentsSettings(Group):
    """What holds for documents whichever engine converts them."""

    engine: Literal["auto", "word", "libreoffice"] = Field(
        default="auto",
        description="Which one converts documents whose job does not say. auto: Word where there can be one, and "
        "LibreOffice if Word does not make it. word: the same, and what LibreOffice makes counts as degraded anywhere.",
    )


class WordSettings(Group):
    """Microsoft Word, which converts documents on Windows."""

    seconds: Seconds = Field(default=120.0, gt=0, description="How long Word may take for one document.")
    memory: Mebibytes = Field(default=2_048, gt=0, description="How much memory Word may take for it.")
    start: Seconds = Field(default=60.0, gt=0, description="How long Word may take to start.")
    busy: Seconds = Field(default=60.0, description="How long a document may wait for its turn.")
    recycle_documents: int = Field(default=100, ge=1, description="Start Word anew after so many documents.")


class ChromiumSettings(Group):
    """The engine that exports web pages."""

    executable: str = Field(default="", description="Chromium's program; empty means to look in the usual places.")
    sandbox: Literal["auto", "on", "off"] = Field(
        default="auto", description="Chromium's own sandbox; auto switches it off for root, where it can't work."
    )
    allowed_hosts: Texts = Field(
        default=(),
        description="Hosts (host or host:port) that pages may reach although their addresses are private.",
    )
    seconds: Seconds = Field(default=120.0, gt=0, description="How long one page may take.")
    memory: Mebibytes = Field(default=3_072, gt=0, description="How much memory the browser may take for a page.")
    max_transfer: Mebibytes = Field(default=500, gt=0, description="How much one page may load.")
    max_output: Mebibytes = Field(default=2_048, gt=0, description="The largest PDF that is accepted.")
    max_pixels: int = Field(default=600, gt=0, description="The largest picture that is made, in millions of pixels.")
    max_bundle: Mebibytes = Field(default=100, gt=0, description="The largest bundle that is accepted.")
    max_unpacked: Mebibytes = Field(default=512, gt=0, description="The largest size to which a bundle may unpack.")
    recycle_pages: int = Field(default=100, ge=1, description="Start the browser anew after so many pages.")


class Settings(Group):
    """All settings of a process. Relative paths start at the working folder."""

    app: str = Field(default="", description="The app to run, as module:attribute; empty means the built-in kinds.")
    database: str = Field(
        default=DEFAULT_DATABASE,
        description="sqlite:///path or postgresql://user:password@host/name. Unless set, a file in data_dir.",
    )
    broker: str = Field(
        default="",
        description="Where jobs wait, if not in the database: pgboss+postgresql://user:password@host/name?schema=pgboss"
        " for the queues of an application with pg-boss, s3://bucket/folder or az://container/folder for files in a"
        " bucket. Schedules need the database.",
    )
    durability: Durability = Field(
        default=Durability.FULL,
        description="full: what was accepted survives a power cut; normal: faster, and the last moments before a power "
        "cut may be lost. A crash of the process loses nothing with either.",
    )
    data_dir: Path = Field(default=Path("data"), description="Where millhand keeps its own files.")
    blob_roots: Paths = Field(
        default=(Path(),), description="Folders inside which jobs may read and write files, beside data_dir."
    )
    blobs: BlobSettings = BlobSettings()
    worker: WorkerSettings = WorkerSettings()
    retention: RetentionSettings = RetentionSettings()
    http: HttpSettings = HttpSettings()
    api: ApiSettings = ApiSettings()
    proxy: ProxySettings = ProxySettings()
    log: LogSettings = LogSettings()
    documents: DocumentsSettings = DocumentsSettings()
    libreoffice: LibreOfficeSettings = LibreOfficeSettings()
    word: WordSettings = WordSettings()
    chromium: ChromiumSettings = ChromiumSettings()

    _origins: dict[str, str] = PrivateAttr(default_factory=dict[str, str])
    _file: Path | None = PrivateAttr(default=None)

    @property
    def file(self) -> Path | None:
        """The settings file that was read, if any."""
        return self._file

    @property
    def origins(self) -> Mapping[str, str]:
        """Where each setting came from that is no default."""
        return dict(self._origins)

    def origin(self, name: str) -> str:
        """Where the setting came from: `default`, `millhand.toml:3`, `environment MILLHAND_APP`, `flag --app`."""
        return self._origins.get(name, DEFAULT_ORIGIN)

    def with_origins(self, origins: Mapping[str, str], file: Path | None) -> Self:
        """The same settings, knowing where they came from."""
        known = self.model_copy()
        known._origins = dict(origins)  # noqa: SLF001 - of our own class
        known._file = file  # noqa: SLF001 - of our own class
        return known

    @property
    def all_blob_roots(self) -> tuple[Path, ...]:
        """The folders for the blob store: the data folder and those of `blob_roots`."""
        return (self.data_dir, *self.blob_roots)
