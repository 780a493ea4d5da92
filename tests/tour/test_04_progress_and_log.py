"""Chapter 4: a running job tells how far it is, and keeps a log of its own. Both can be read while it runs and after.

On the command line: `millhand jobs logs -f ID`.
"""

from millhand import App, Args, Context

app = App()


class Knead(Args, kind="tour.knead"):
    """Knead dough for some rounds."""

    rounds: int


@app.handler
async def knead(ctx: Context, args: Knead) -> None:
    """Report after each round; reports that come too quickly are thinned out."""
    for done in range(args.rounds):
        ctx.progress((done + 1) / args.rounds, f"round {done + 1}")
    ctx.log.info("the dough is smooth", rounds=args.rounds)


async def test_progress_and_log_lines_are_in_the_history() -> None:
    async with app:
        job = await app.wait(await app.enqueue(Knead(rounds=3)), timeout=30)
        history = await app.history(job)
    last_report = [event for event in history.events if event.name == "progress"][-1]
    assert (last_report.fields["fraction"], last_report.text) == (1.0, "round 3")
    [line] = [event for event in history.events if event.name == "log"]
    assert (line.level, line.text, line.fields) == ("info", "the dough is smooth", {"rounds": 3})


async def test_the_history_tells_of_every_attempt_and_step() -> None:
    async with app:
        job = await app.wait(await app.enqueue(Knead(rounds=1)), timeout=30)
        history = await app.history(job)
    assert [attempt.state for attempt in history.attempts] == ["completed"]
    assert [step.state for step in history.timeline] == ["available", "running", "completed"]
