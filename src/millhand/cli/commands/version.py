"""`millhand version`: which versions are at work."""

import typer

from millhand.cli.examples import example
from millhand.cli.session import session_of


@example("millhand version --json")
def version(ctx: typer.Context) -> None:
    """Show the versions of millhand, Python and the platform."""
    import platform
    from importlib.metadata import version as version_of

    session_of(ctx).output.details(
        found := [
            ("millhand", version_of("millhand")),
            ("python", platform.python_version()),
            ("platform", platform.platform()),
        ],
        dict(found),
    )
