"""Chapter 12: content is passed by URL, never in arguments. What a job saves is recorded as its artefact."""

from pathlib import Path

from millhand import App, Args, Context

app = App()


class Shout(Args, kind="tour.shout"):
    """Write a text in capitals."""

    source: str
    target: str


@app.handler
async def shout(ctx: Context, args: Shout) -> int:
    """`fetch` copies into a scratch folder of this attempt alone; `save` replaces the target at once, or not at all."""
    text = (await ctx.fetch(args.source)).read_text()
    saved = await ctx.save(text.upper().encode(), args.target, media_type="text/plain", words=len(text.split()))
    return saved.size


async def test_a_job_reads_a_blob_and_leaves_an_artefact(folder: Path) -> None:
    source, target = folder / "quiet.txt", folder / "out" / "loud.txt"
    source.write_text("fresh bread")
    async with app:
        job = await app.enqueue(Shout(source=source.as_uri(), target=target.as_uri()))
        done = await app.wait(job, timeout=30)
        [artefact] = (await app.history(done)).artefacts
    assert target.read_text() == "FRESH BREAD"
    assert (artefact.name, artefact.size, artefact.facts) == ("loud.txt", 11, {"words": 2})


async def test_a_job_stays_inside_the_folders_that_it_may_use(folder: Path) -> None:
    async with app:
        job = await app.enqueue(Shout(source="file:///etc/hostname", target=(folder / "loud.txt").as_uri()))
        done = await app.wait(job, timeout=30)
    assert done.state == "discarded"
    assert done.failure is not None
    assert done.failure.code == "blob_not_allowed"
