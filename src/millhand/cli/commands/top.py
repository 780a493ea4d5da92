"""`millhand top`: how everything stands, live in the terminal."""

from typing import TYPE_CHECKING, Annotated

import typer

from millhand.cli.examples import example
from millhand.cli.session import Session, session_of

if TYPE_CHECKING:
    from millhand.cli.session import Connected
    from millhand.cli.topview import Figures


@example("millhand top", "millhand top --once --json")
def top(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Show it once; so it does where there is no terminal.")] = False,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between looks.")] = 1.0,
) -> None:
    """Show states, throughput, queues, workers and running jobs, until Ctrl-C."""
    session = session_of(ctx)
    try:
        session.run(_show(session, every, live=not once and session.output.on_terminal))
    except KeyboardInterrupt:  # the usual way out
        raise typer.Exit from None


async def _show(session: Session, every: float, *, live: bool) -> None:
    import asyncio

    from millhand.cli import topview

    async with session.connected() as connected:
        figures = await _look(session, connected)
        if not live:
            topview.write(session.output, figures)
            return
        with topview.screen(session.output) as draw:
            while True:
                draw(figures)
                await asyncio.sleep(every)
                figures = await _look(session, connected)


async def _look(session: Session, connected: "Connected") -> "Figures":
    from millhand.cli.topview import Figures

    inspector = connected.inspector
    return Figures(
        at=session.clock.now(),
        overview=await inspector.overview(),
        queues=await inspector.queues(await connected.broker.stats()),
        workers=await inspector.workers(),
    )
