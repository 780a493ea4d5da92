"""Chapter 18: programs without an event loop use the synchronous twin."""

from millhand import App, Args, Context

app = App()


class Weigh(Args, kind="tour.weigh"):
    """Weigh something."""

    grams: int


@app.handler
async def weigh(ctx: Context, args: Weigh) -> str:
    """Weigh."""
    return f"{args.grams / 1000:g} kg"


def test_the_same_calls_block_until_they_are_done() -> None:
    with app.sync() as jobs:
        done = jobs.wait(jobs.enqueue(Weigh(grams=750)), timeout=30)
    assert done.result == "0.75 kg"
