"""Settings of the HTTP API."""

from pydantic import Field

from millhand.config.group import Group
from millhand.config.units import Mebibytes, Seconds, Texts

_WEEK = 7 * 86_400.0


class ApiSettings(Group):
    """What the HTTP API, on the port of `http`, takes and from whom."""

    enabled: bool = Field(default=True, description="Serve the API beside health and metrics.")
    hosts: Texts = Field(
        default=(),
        description="Further names by which the API may be asked while no key is needed; localhost always may.",
    )
    origins: Texts = Field(
        default=(), description="Origins, such as https://jobs.example.com, whose pages may use the API beside its own."
    )
    max_upload: Mebibytes = Field(default=200, gt=0, description="The largest upload, all of its files together.")
    max_files: int = Field(default=20, ge=1, description="The most files of one upload.")
    stall: Seconds = Field(
        default=30.0, gt=0, description="An upload of which nothing comes for so long is broken off."
    )
    upload_seconds: Seconds = Field(default=600.0, gt=0, description="How long one upload may take.")
    fetch_seconds: Seconds = Field(
        default=60.0, gt=0, description="How long a document may take to come that a request names by its address."
    )
    uploads: str = Field(
        default="",
        description="URL of the folder for uploaded files, such as s3://bucket/uploads, which workers must reach; empty"
        " means the folder uploads in data_dir.",
    )
    keep_uploads: Seconds = Field(
        default=_WEEK, description="How long uploaded files, and what was made beside them, are kept; 0 means for ever."
    )
    max_wait: Seconds = Field(default=300.0, gt=0, description="The longest that a request may wait for its job.")
