"""`millhand service`: a worker that the system keeps running."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.session import Session, session_of
from millhand.core.errors import NotFound

if TYPE_CHECKING:
    from millhand.cli.installing import Wanted

service = typer.Typer(no_args_is_help=True, help="Have the system keep a worker running (systemd, Windows).")

Ready = Annotated[str | None, typer.Argument(metavar="[SERVICE]", help="A ready service (millhand services list).")]
Name = Annotated[str | None, typer.Option(help="What the system calls it; else millhand, or millhand-SERVICE.")]
Own = Annotated[bool, typer.Option("--user", help="A service of the calling user, not of the machine (systemd).")]
As = Annotated[str, typer.Option("--as", help="The user that runs it; else one that systemd makes for it.")]
Folder = Annotated[Path | None, typer.Option(help="Where it works; else /var/lib/NAME, or with --user here.")]
Writable = Annotated[list[Path] | None, typer.Option(help="A folder that it may write as well; may be repeated.")]


@service.command()
@example(
    "millhand service install docserver --env-file /etc/millhand/docserver.env",
    "millhand service install --user --no-start",
    "millhand service install page-export --as exports --folder /srv/exports",
)
def install(
    ctx: typer.Context,
    ready: Ready = None,
    *,
    name: Name = None,
    own: Own = False,
    user: As = "",
    folder: Folder = None,
    writable: Writable = None,
    start: Annotated[bool, typer.Option(help="Start it now, and with the machine.")] = True,
) -> None:
    """Install a worker as a service: a hardened unit of systemd, or on Windows a native service.

    Its variables come from the file of --env-file. Without one, such a file is made, empty, for nobody else to read.
    Installing again replaces the unit.
    """
    from millhand.cli import installing

    session = session_of(ctx)
    ready = session.service_named(ready)
    wanted = installing.Wanted(
        service=ready, name=name, own=own, user=user, folder=folder, writable=tuple(writable or ())
    )
    if sys.platform == "win32":
        _install_on_windows(session, wanted, start=start)
        return
    unit = installing.unit_of(session, wanted)
    path = installing.manager_of(own=own).install(unit, installing.variables_of(ready), start=start)
    session.output.say(f"Its variables are in {unit.env_file}.")
    if not start:
        words = "systemctl --user" if own else "systemctl"
        session.output.say(f"Start it: {words} daemon-reload && {words} enable --now {unit.file_name}")
    session.output.data(str(path))


@service.command()
@example("millhand service show docserver", "millhand service show > millhand.service")
def show(
    ctx: typer.Context,
    ready: Ready = None,
    *,
    name: Name = None,
    own: Own = False,
    user: As = "",
    folder: Folder = None,
    writable: Writable = None,
) -> None:
    """Write the unit that `install` would write, and change nothing."""
    from millhand.cli import installing

    session = session_of(ctx)
    ready = session.service_named(ready)
    wanted = installing.Wanted(
        service=ready, name=name, own=own, user=user, folder=folder, writable=tuple(writable or ())
    )
    if sys.platform == "win32":
        session.output.data(installing.order_of(session, wanted).text())
    else:
        session.output.data(installing.unit_of(session, wanted).text().rstrip("\n"))


@service.command()
@example("millhand service uninstall docserver", "millhand service uninstall --user --name nightly")
def uninstall(ctx: typer.Context, ready: Ready = None, *, name: Name = None, own: Own = False) -> None:
    """Stop a service and remove it; its variables and its data stay. Exits 3 if there is none."""
    from millhand.cli import installing

    session = session_of(ctx)
    known_as = installing.name_of(ready, name)
    if sys.platform == "win32":
        from millhand.deploy import windows_order

        windows_order.require_windows_services()
        from millhand.deploy import windows_service

        windows_service.uninstall(known_as, installing.stop_seconds(session, ready))
        return
    path = installing.manager_of(own=own).uninstall(f"{known_as}.service")
    if path is None:
        raise NotFound(f"there is no service {known_as} here", code="no_service")
    session.output.data(str(path))


def _install_on_windows(session: Session, wanted: "Wanted", *, start: bool) -> None:
    """Register a native service; its host reads what it shall run from the registry."""
    if sys.platform == "win32":
        from millhand.cli import installing
        from millhand.deploy import windows_order

        windows_order.require_windows_services()
        from millhand.deploy import windows_service

        name = installing.name_of(wanted.service, wanted.name)
        windows_service.install(name, installing.order_of(session, wanted), start=start)
        session.output.data(name)
