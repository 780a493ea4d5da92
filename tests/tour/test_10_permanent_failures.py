"""Chapter 10: some failures no second attempt mends. Say so, with a code, a message and a hint."""

from pathlib import Path

from millhand import App, Args, Context, Permanent

app = App()


class Slice(Args, kind="tour.slice"):
    """Slice a loaf that lies in a file."""

    loaf: Path


@app.handler
def slice_loaf(ctx: Context, args: Slice) -> int:
    """Count the slices."""
    if not args.loaf.exists():
        raise Permanent("there is no such loaf", code="no_loaf", hint="Bake it first.")
    return len(args.loaf.read_text().split())


async def test_a_permanent_failure_discards_the_job_at_once() -> None:
    async with app:
        done = await app.wait(await app.enqueue(Slice(loaf=Path("/nowhere"))), timeout=30)
    assert done.state == "discarded"
    assert done.failures == 1
    assert done.failure is not None
    assert (done.failure.code, done.failure.message) == ("no_loaf", "there is no such loaf")


async def test_a_discarded_job_is_kept_and_can_be_run_again(folder: Path) -> None:
    loaf = folder / "loaf"
    async with app:
        job = await app.wait(await app.enqueue(Slice(loaf=loaf)), timeout=30)
        assert job.state == "discarded"
        loaf.write_text("one two three")
        assert await app.retry(job)
        done = await app.wait(job, timeout=30)
    assert (done.state, done.result) == ("completed", 3)
