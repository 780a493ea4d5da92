"""Where the jobs are and how to look for them: what a broker's URL says."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from millhand.brokers.bucket.routes import DOCUMENTS, Route, check_together
from millhand.core.errors import ConfigError
from millhand.stores import key_fault

SCHEMES = ("s3", "az")
_EXAMPLE = f"For example s3://bucket/folder?route={DOCUMENTS.replace(' ', '')}"
_OPTIONS = frozenset(
    {"route", "jobs", "poll", "idle_poll", "still", "attempts", "crashes", "notify", "patient", "taken"}
)
_HIGHEST_PORT = 65_535
_YES, _NO = frozenset({"on", "yes", "true", "1"}), frozenset({"off", "no", "false", "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder of a bucket that serves as a queue.

    `jobs` says whether jobs of our own are kept there beside files. `poll` is the pause between two looks while there
    is work now and then, `idle_poll` the one after a long time without any. A file is taken once it has been unchanged
    for `still` seconds. All in seconds. A `patient` worker starts although the store does not answer, and waits for it.
    `taken` says that somebody waits for each output, and may take it away at once. `notify` is the host and port at
    which workers listen for notifications of the store, if they do.
    """

    scheme: str
    bucket: str
    folder: str = ""
    routes: Sequence[Route] = ()
    jobs: bool = True
    poll: float = 3.0
    idle_poll: float = 10.0
    still: float = 0.0
    patient: bool = False
    taken: bool = False
    notify: tuple[str, int] | None = None

    @property
    def shown(self) -> str:
        """The place in messages."""
        return f"{self.scheme}://{self.bucket}/{self.folder}".rstrip("/")

    @property
    def queues(self) -> list[str]:
        """The queues of files, in the order of the routes."""
        return list(dict.fromkeys(route.queue for route in self.routes))


def parse(url: str) -> Place:
    """Read `s3://bucket/folder?route=PATTERN->KIND->OUTPUT&…`; raises `ConfigError`."""
    parts = urlsplit(url)
    folder = parts.path.strip("/")
    if parts.scheme not in SCHEMES or not parts.netloc or "@" in parts.netloc or ":" in parts.netloc:
        raise ConfigError(f"'{parts.scheme}://{parts.hostname or ''}' names no bucket", hint=_EXAMPLE)
    if parts.fragment or (folder and key_fault(folder)):
        raise ConfigError(f"'{parts.path}' is no folder of a bucket", hint=_EXAMPLE)
    query = parse_qsl(parts.query, keep_blank_values=True)
    if unknown := sorted({name for name, _ in query} - _OPTIONS):
        raise ConfigError(f"a bucket has no option {', '.join(unknown)}", hint=_EXAMPLE)
    told = dict(query)
    place = Place(
        scheme=parts.scheme,
        bucket=parts.netloc,
        folder=folder,
        routes=_routes([value for name, value in query if name == "route"], told),
        jobs=_switch(told, "jobs", usual="on"),
        patient=_switch(told, "patient", usual="off"),
        taken=_switch(told, "taken", usual="off"),
        poll=_seconds(told, "poll", 3.0, least=0.1),
        idle_poll=_seconds(told, "idle_poll", 10.0, least=0.1),
        still=_seconds(told, "still", 0.0, least=0.0),
        notify=_address(told["notify"]) if "notify" in told else None,
    )
    check_together(place.routes)
    return place


def _routes(texts: Sequence[str], told: dict[str, str]) -> tuple[Route, ...]:
    attempts, crashes = _count(told, "attempts", 5), _count(told, "crashes", 3)
    return tuple(Route.parse(text, max_attempts=attempts, max_crashes=crashes) for text in texts or (DOCUMENTS,))


def _switch(told: dict[str, str], name: str, *, usual: str) -> bool:
    text = told.get(name, usual).lower()
    if text not in _YES | _NO:
        raise ConfigError(f"{name} is on or off, not '{told[name]}'", hint=_EXAMPLE)
    return text in _YES


def _seconds(told: dict[str, str], name: str, usual: float, *, least: float) -> float:
    try:
        seconds = float(told.get(name, usual))
    except ValueError:
        seconds = -1.0
    if not least <= seconds < 86_400:  # noqa: PLR2004 - a day
        raise ConfigError(f"{name} is a number of seconds from {least:g} on, not '{told[name]}'", hint=_EXAMPLE)
    return seconds


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > _HIGHEST_PORT:
        raise ConfigError(f"notify is a host and a port to listen at, not '{text}'", hint="Such as 0.0.0.0:8099.")
    return host.strip("[]"), int(port)


def _count(told: dict[str, str], name: str, usual: int) -> int:
    text = told.get(name, str(usual))
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"{name} is a number from 1 on, not '{text}'", hint=_EXAMPLE)
    return int(text)
