"""What exported files are called, and where they are: the same in each attempt, so that a second one finds them."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from millhand.core.clock import as_datetime

_STAMP = "%Y-%m-%dT%H-%M-%S"


@dataclass(frozen=True, slots=True)
class Place:
    """A file: the URL by which it is written, and the path by which the API and its users know it."""

    url: str
    path: str


def stem_of(job_id: str, enqueued_at: int) -> str:
    """The name without its suffix: the second at which the job was sent, in UTC, and the API's id of it."""
    return f"{as_datetime(enqueued_at).strftime(_STAMP)}_{job_id}" if enqueued_at else job_id


def place_of(exports: str, name: str) -> Place:
    """Where the file of that name goes; `exports` is a folder or a URL."""
    if "://" in exports:
        url = f"{exports.rstrip('/')}/{quote(name)}"
        return Place(url, url)
    path = os.path.normpath(os.path.join(exports, name))  # noqa: PTH118 - a text with . and .. resolved, as Node joins it
    return Place(Path(path).absolute().as_uri(), path)


def folder_of(exports: str) -> Path | None:
    """The folder that files go to, None if they go to a store."""
    return None if "://" in exports else Path(os.path.normpath(exports))
