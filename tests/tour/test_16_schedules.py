"""Chapter 16: a schedule enqueues a job at each tick of a cron expression, once however many workers run."""

from millhand import App, Args, Context
from tests.support import poll_until

app = App()


class Sweep(Args, kind="tour.sweep"):
    """Sweep the floor."""

    room: str


@app.handler
async def sweep(ctx: Context, args: Sweep) -> str:
    """Sweep."""
    return f"{args.room} swept"


app.schedule("sweep-bakery", "* * * * * *", Sweep(room="bakery"))  # six fields: every second
app.schedule("sweep-shop", "0 22 * * mon-sat", Sweep(room="shop"), zone="Europe/Berlin", missed="skip")


async def test_a_schedule_makes_jobs_at_its_ticks() -> None:
    async with app:
        await poll_until(lambda: app.find("kind:tour.sweep state:completed"), within=30)
        newest, *_ = await app.find("kind:tour.sweep state:completed")
    assert newest.result == "bakery swept"
