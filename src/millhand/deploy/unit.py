"""The text of a systemd unit that keeps a worker running.

Sources: systemd.unit(5), systemd.service(5), systemd.exec(5).
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from millhand.core.errors import UsageError
from millhand.deploy.hardening import Engines, directives

Scope: TypeAlias = Literal["system", "user"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}")
_HIDDEN = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108 - named, not written to
_SLACK = 10.0
"""Seconds beyond the worker's own grace before systemd kills what is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerUnit:
    """A worker as systemd shall keep it.

    `command` is the whole command line, `programs` the folders with the interpreter and the code. Without a `user` the
    system makes one for it (DynamicUser), and without a `folder` it works in one that systemd makes. `stop_seconds` is
    what the worker itself takes at most to stop.
    """

    name: str
    scope: Scope
    command: tuple[str, ...]
    programs: tuple[Path, ...]
    env_file: Path
    engines: Engines
    stop_seconds: float
    user: str = ""
    folder: Path | None = None
    writable: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what systemd would not take; raises `UsageError`."""
        if not NAME.fullmatch(self.name):
            raise UsageError(f"'{self.name}' is no name for a service", hint="Use letters, digits, - and _.")
        if self.scope == "user" and (self.user or self.folder is None):
            raise UsageError("a service of a user runs as that user, in a folder of theirs", hint="Name the folder.")
        if self.scope == "system" and self.folder is not None and not self.user:
            raise UsageError("who shall own what the service writes there?", hint="Name the user with --as.")

    @property
    def file_name(self) -> str:
        """The unit's name for systemctl."""
        return f"{self.name}.service"

    def text(self) -> str:
        """The unit."""
        system = self.scope == "system"
        unit = [f"Description=millhand worker ({self.name})", "StartLimitIntervalSec=0"]
        unit += ["Wants=network-online.target", "After=network-online.target"] if system else []
        service = [*self._running(), *self._place(), "", *self._files(), directives(self.engines)]
        wanted_by = "multi-user.target" if system else "default.target"
        return "\n".join(
            ["[Unit]", *unit, "", "[Service]", *service, "", "[Install]", f"WantedBy={wanted_by}", ""],
        )

    def _running(self) -> list[str]:
        return [
            "Type=exec",
            f"ExecStart={' '.join(quoted(word.replace('$', '$$')) for word in self.command)}",
            f"EnvironmentFile={escaped(self.env_file)}",
            "Restart=always",
            "RestartSec=5",
            "# 2: the configuration is wrong, which trying again does not mend.",
            "RestartPreventExitStatus=2",
            "# The worker drains, interrupts what still runs, and ends its executors itself.",
            f"TimeoutStopSec={math.ceil(self.stop_seconds + _SLACK)}",
            "KillMode=mixed",
            "# An executor that used up the memory is replaced; the worker goes on.",
            "OOMPolicy=continue",
        ]

    def _place(self) -> list[str]:
        who = [] if self.scope == "user" else [f"User={self.user}"] if self.user else ["DynamicUser=yes"]
        if self.folder is not None:
            return [*who, f"WorkingDirectory={escaped(self.folder)}"]
        state = f"%S/{self.name}"
        made = [f"{kind}Directory={self.name}" for kind in ("State", "Cache")]
        home = f"Environment=HOME={state} XDG_CACHE_HOME=%C/{self.name}"
        return [*who, *made, "StateDirectoryMode=0750", f"WorkingDirectory={state}", home]

    def _files(self) -> list[str]:
        """Homes and the system's temporary files are out of sight, but for what the worker needs of them."""
        written = [path for path in (self.folder, *self.writable) if path is not None]
        shown = [path for path in self.programs if _is_hidden(path)]
        return [
            "ProtectHome=tmpfs",
            *(f"BindReadOnlyPaths={quoted(path)}" for path in shown),
            *(f"{'BindPaths' if _is_hidden(path) else 'ReadWritePaths'}={quoted(path)}" for path in written),
        ]


def quoted(word: object) -> str:
    """A word as one argument of a command line, or one of a list of paths, in a unit."""
    text = escaped(word)
    if text and not re.search(r"[\s\"'\\;]", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def escaped(value: object) -> str:
    """A value in a unit, in which `%` would begin a specifier; raises `UsageError` for one of several lines."""
    text = str(value)
    if "\n" in text:
        raise UsageError("a unit can't hold a value of several lines")
    return text.replace("%", "%%")


def _is_hidden(path: Path) -> bool:
    return any(path.is_relative_to(hidden) for hidden in _HIDDEN)
