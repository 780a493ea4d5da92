"""What `millhand service` hands to the system: which worker, where it works, and with which variables."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import millhand
from millhand.cli.session import Session
from millhand.config import Flag
from millhand.core.errors import UsageError
from millhand.deploy.hardening import engines_of
from millhand.deploy.systemd import Systemd
from millhand.deploy.unit import WorkerUnit
from millhand.deploy.windows_order import ServiceOrder

_HOW = "# Variables of this worker, NAME=value, one a line. Readable by its owner only: it may hold secrets.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What was asked for: a ready service or none, and how the system shall know and run it."""

    service: str | None
    name: str | None
    own: bool
    user: str
    folder: Path | None
    writable: Sequence[Path]


def manager_of(*, own: bool) -> Systemd:
    """The systemd that manages the machine, or the calling user."""
    if not own:
        return Systemd.of_system()
    return Systemd.of_user(Path.home(), Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")))


def name_of(service: str | None, name: str | None) -> str:
    """The name by which the system knows a worker."""
    return name or (f"millhand-{service}" if service else "millhand")


def unit_of(session: Session, wanted: Wanted) -> WorkerUnit:
    """The unit of the worker that was asked for. Raises `UsageError` or `ConfigError`."""
    name = name_of(wanted.service, wanted.name)
    told = session.options.env_file
    folder = wanted.folder.absolute() if wanted.folder else Path.cwd() if wanted.own else None
    return WorkerUnit(
        name=name,
        scope="user" if wanted.own else "system",
        command=tuple(command(session, wanted.service)),
        programs=_programs(),
        env_file=told.absolute() if told else manager_of(own=wanted.own).variables / f"{name}.env",
        engines=engines_of(wanted.service),
        stop_seconds=stop_seconds(session, wanted.service),
        user=wanted.user,
        folder=folder,
        writable=tuple(path.absolute() for path in wanted.writable),
    )


def order_of(session: Session, wanted: Wanted) -> ServiceOrder:
    """The same for a Windows service, whose variables are read by the worker itself."""
    told = session.options.env_file
    variables = ["--env-file", str(told.absolute())] if told else []
    return ServiceOrder(
        command=[*command(session, wanted.service), *variables],
        folder=str((wanted.folder or Path.cwd()).absolute()),
        stop_seconds=stop_seconds(session, wanted.service),
    )


def command(session: Session, service: str | None) -> list[str]:
    """The command line of the worker: this interpreter, with the options that this command was given."""
    options = session.options
    if options.database:
        raise UsageError(
            "the database's URL may hold a password, and everybody can see command lines",
            hint="Set DATABASE_URL in the file of --env-file.",
        )
    words = [sys.executable, "-m", "millhand", "worker", *([service] if service else [])]
    if options.app:
        words += ["--app", options.app]
    if options.config:
        words += ["--config", str(options.config.absolute())]
    return words


def stop_seconds(session: Session, service: str | None) -> float:
    """What the worker takes at most to stop, by its settings."""
    told = session.settings(Flag("app", "SERVICE", service)).worker
    return told.grace + told.kill_after


def variables_of(service: str | None) -> str:
    """The file of variables to begin with: each one of the service, left out, with what it means."""
    if service is None:
        return f"{_HOW}# See `millhand help environment`.\n"
    from millhand.services.catalogue import find

    facts = find(service).settings.describe()
    return _HOW + "".join(f"\n# {fact.help}\n#{fact.env}={fact.default}\n" for fact in facts)


def _programs() -> tuple[Path, ...]:
    """The folders with the interpreter, its packages and this code, which may be somewhere else."""
    found = (Path(sys.prefix), Path(sys.base_prefix), Path(millhand.__file__).resolve().parents[1])
    inside = Path(sys.prefix)
    return tuple(dict.fromkeys(path for path in found if path == inside or not path.is_relative_to(inside)))
