"""The app that the queue bench runs: one kind that does nothing but note when it started.

`python -m bench.millhand_app` works on its jobs.
"""

from bench.queues.marks import marks_of_environment
from millhand.app.app import App
from millhand.core.context import Context
from millhand.core.job import Args

app = App()
marks = marks_of_environment()


class Noop(Args, kind="bench.noop"):
    """Do nothing."""

    number: int


@app.handler
async def noop(ctx: Context, args: Noop) -> None:  # noqa: ARG001 - every handler takes its context
    """Note the moment."""
    marks.started(args.number)


if __name__ == "__main__":
    app.run()
