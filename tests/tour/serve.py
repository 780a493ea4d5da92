"""The app of the tour's worker: the kinds and schedules of all chapters. Run it to work on their jobs."""

import importlib
import sys
from pathlib import Path

from millhand import App, Args, Context

HERE = Path(__file__).parent

app = App()


class Ready(Args, kind="tour.ready"):
    """Asks whether a worker is there."""


@app.handler
async def ready(ctx: Context, args: Ready) -> None:
    """Say nothing: to be done is the answer."""


def gather() -> None:
    """Take over what each chapter's own app has."""
    sys.path.insert(0, str(HERE.parents[1]))
    for chapter in sorted(HERE.glob("test_*.py")):
        app.include(importlib.import_module(f"tests.tour.{chapter.stem}").app)


if __name__ != "tests.tour.serve":
    gather()

if __name__ == "__main__":
    app.run()
