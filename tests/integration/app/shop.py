"""An app to send jobs with, for the tests of its calls."""

from pathlib import Path

from millhand import App, Args, Context, RetryPolicy
from millhand.config import Settings
from millhand.core.registry import Registry


class Paint(Args, kind="app.paint", queue="walls"):
    """Paint a wall."""

    colour: str = "green"


class Unknown(Args, kind="app.unknown"):
    """A kind that the app has no handler of."""

    number: int


kinds = Registry()


@kinds.handler(retry=RetryPolicy(max_attempts=9))
async def paint(ctx: Context, args: Paint) -> None:
    """Paint."""


def app_in(folder: Path) -> App:
    """An app with its queue in this folder."""
    app = App(settings=Settings(database=f"sqlite:///{folder}/millhand.db", data_dir=folder))
    app.include(kinds)
    return app
