"""What every command works with: the global options, the output, the settings, and the app behind them."""

import asyncio
import getpass
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar, cast

import typer

from millhand.cli.output import CurrentStderr, Output
from millhand.core.clock import Clock
from millhand.core.errors import NotFound, UsageError

if TYPE_CHECKING:
    from millhand.app.app import App
    from millhand.app.backend import AppBroker
    from millhand.config import Flag, Row, Settings
    from millhand.control import Control
    from millhand.ledger.inspector import Inspector

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalOptions:
    """The options that every command takes."""

    config: Path | None = None
    database: str | None = None
    app: str | None = None
    env_file: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_input: bool = False


@dataclass(frozen=True, slots=True)
class Connected:
    """An app that is connected, with the sides of it that commands use: reads, the broker, and commands on jobs."""

    app: "App"
    inspector: "Inspector"
    broker: "AppBroker"
    control: "Control"

    async def resolve(self, text: str) -> str:
        """The id of the job that a person means. Raises `NotFound`."""
        return await (await self.app.backend()).resolve(text)


class Session:
    """One call of the command line."""

    def __init__(self, options: GlobalOptions) -> None:
        self.options = options
        self.output = Output(json=options.json, quiet=options.quiet, verbose=options.verbose)

    @property
    def clock(self) -> Clock:
        """The clock by which commands read the time."""
        return self.output.clock

    @property
    def may_ask(self) -> bool:
        """Whether a person is there to answer."""
        return sys.stdin.isatty() and sys.stderr.isatty() and not self.options.no_input

    def settings(self, *flags: "Flag") -> "Settings":
        """The settings with their origins; `flags` are those of the command. Raises `ConfigError`."""
        from millhand.config import load

        return load(file=self.options.config, flags=[*self._global_flags(), *flags])

    def app(self, *flags: "Flag") -> "App":
        """The app that the settings name, working by those settings. Raises `ConfigError`."""
        from millhand.app.loading import load_app

        if self.options.verbose:
            self.log_to_stderr("debug")
        settings = self.settings(*flags)
        self._share_settings(*flags)
        app = load_app(settings.app)
        app.use_settings(settings)
        return app

    def service_named(self, name: str | None) -> str | None:
        """The name, if there is such a service; raises `NotFound` otherwise, and answers None for None."""
        from millhand.services.catalogue import find

        return None if name is None else find(name).name

    def setting_rows(self) -> "list[Row]":
        """Every setting as it is shown to people; for a service also what it sets, and its own variables."""
        from millhand.config import rows
        from millhand.services.catalogue import SERVICES, find

        settings = self.settings()
        if settings.app not in SERVICES:
            return rows(settings)
        service = find(settings.app)
        own = service.settings.read()
        return [*rows(service.adapt(settings, own)), *own.rows()]

    def adopt_variables(self) -> None:
        """Take over the variables of the file that `--env-file` names, save those that the environment has."""
        if self.options.env_file is None:
            return
        from millhand.services.environment import variables_of_file

        for name, value in variables_of_file(self.options.env_file).items():
            os.environ.setdefault(name, value)

    def _share_settings(self, *flags: "Flag") -> None:
        """Put what the options say into the environment, for whoever reads settings anew: the app, and executors."""
        from millhand.config.describe import env_name
        from millhand.config.sources import CONFIG_VARIABLE

        for flag in (*self._global_flags(), *flags):
            if flag.value is not None:
                os.environ[env_name(flag.setting)] = str(flag.value)
        if self.options.config is not None:
            os.environ[CONFIG_VARIABLE] = str(self.options.config.absolute())

    @asynccontextmanager
    async def connected(self) -> "AsyncGenerator[Connected]":
        """The app, connected to its database, broker and ledger. Raises `NotFound` if there is no database yet.

        Whoever looks for jobs in the wrong folder is told so, and finds no empty database there afterwards. Jobs that
        wait elsewhere are found from any folder.
        """
        from millhand.core.redact import redact_text
        from millhand.database import schema_status
        from millhand.database.urls import sqlite_path

        app = self.app()
        path = sqlite_path(app.settings.database)
        missing = not path.exists() if path is not None else schema_status(app.settings.database).present is None
        if missing and not app.settings.broker:
            raise NotFound(
                f"there is no database at {path or redact_text(app.settings.database)}",
                code="no_database",
                hint="Go to the folder where millhand works, or name the database with --database. "
                "The first `millhand up`, `worker` or `enqueue` makes one.",
            )
        async with self._connected(app) as connected:
            yield connected

    @asynccontextmanager
    async def connected_or_new(self) -> "AsyncGenerator[Connected]":
        """The same, for who sends jobs: a database that is not there yet is made."""
        async with self._connected(self.app()) as connected:
            yield connected

    @asynccontextmanager
    async def _connected(self, app: "App") -> "AsyncGenerator[Connected]":
        async with app:
            backend = await app.backend()
            control = backend.control.acting_as(f"cli:{_user()}")
            yield Connected(app, backend.inspector, backend.broker, control)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run a command's coroutine to its end."""
        return asyncio.run(work)

    def ask(self, question: "Callable[[Connected], Awaitable[T]]") -> T:
        """What the connected app answers to one question, or to one command. Raises as `connected` does."""

        async def asked() -> T:
            async with self.connected() as connected:
                return await question(connected)

        return self.run(asked())

    def log_to_stderr(self, level: str, format: str = "auto") -> None:  # noqa: A002 - the setting's name
        """Send log lines of that level or above to standard error; `-v` shows all, `-q` only errors."""
        from millhand.telemetry.logging import LogFormat, LogOptions, configure_logging

        wanted = "debug" if self.options.verbose else "error" if self.options.quiet else level
        options = LogOptions(level=wanted, format=LogFormat(format), colour=not os.environ.get("NO_COLOR"))
        configure_logging(options, cast("TextIO", CurrentStderr()), self.clock)

    def confirm_by_name(self, name: str, question: str, *, yes: bool) -> None:
        """Have a person type `name` before something irrevocable; elsewhere `--yes` must be given."""
        if yes:
            return
        if not self.may_ask:
            raise UsageError(f"{question}: this needs a confirmation", hint="Add --yes to confirm it here.")
        if typer.prompt(f"{question}. Type '{name}' to confirm", err=True).strip() != name:
            raise UsageError("not confirmed; nothing was changed")

    def _global_flags(self) -> "tuple[Flag, ...]":
        from millhand.config import Flag

        return (Flag("database", "--database", self.options.database), Flag("app", "--app", self.options.app))


def session_of(context: typer.Context) -> Session:
    """The session of the running command."""
    return cast("Session", context.obj)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number that has no name
        return "unknown"
