"""The app that is served while the web bench measures: one kind that does nothing."""

from millhand.app.app import App
from millhand.core.context import Context
from millhand.core.job import Args

app = App()


class Noop(Args, kind="bench.noop", queue="bench"):
    """Do nothing."""

    number: int


@app.handler
async def noop(ctx: Context, args: Noop) -> None:
    """Say so, as jobs do."""
    ctx.log.info("done", number=args.number)
