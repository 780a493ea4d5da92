"""Chapter 11: not yet is no failure. A snoozed job comes back later, and nothing is charged."""

from pathlib import Path

from millhand import App, Args, Context, Snooze
from tests.support import poll_until

app = App()


class Unpack(Args, kind="tour.unpack"):
    """Unpack a delivery, once it has come."""

    delivery: Path


@app.handler
def unpack(ctx: Context, args: Unpack) -> str:
    """Look again in a moment if it is not there."""
    if not args.delivery.exists():
        raise Snooze(0.1, "the delivery has not come")
    return args.delivery.read_text()


async def test_a_job_snoozes_until_its_time_has_come(folder: Path) -> None:
    delivery = folder / "delivery"
    async with app:
        job = await app.enqueue(Unpack(delivery=delivery))

        async def snoozed() -> bool:
            return bool((await app.history(job)).attempts)

        await poll_until(snoozed, within=30)
        delivery.write_text("flour")
        done = await app.wait(job, timeout=30)
    assert done.result == "flour"
    assert done.failures == 0
