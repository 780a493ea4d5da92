"""What a type checker must accept, and what it must know of it. It is checked, never run."""

from collections.abc import Sequence  # noqa: TC003 - as users write it
from pathlib import Path  # noqa: TC003 - as users write it
from typing import assert_type

from millhand import App, Args, Context, Job, RetryPolicy
from millhand.core.limits import Limits
from millhand.core.registry import Registry


class ConvertDocument(Args, kind="document.convert", queue="documents"):
    """Convert a document."""

    source: str
    pages: int = 0


app = App()
registry = Registry()


@app.handler
async def convert(ctx: Context, args: ConvertDocument) -> dict[str, int]:
    """An async handler without rules."""
    path: Path = await ctx.fetch(args.source)
    ctx.progress(0.5, "half")
    artefact = await ctx.save(path, "file:///out.pdf", pages=args.pages)
    return {"size": artefact.size}


@app.handler(retry=RetryPolicy.fixed(1, 2), limits=Limits(soft=1, hard=2))
def convert_plainly(ctx: Context, args: ConvertDocument) -> None:
    """A plain handler with rules."""
    ctx.log.info("here", path=ctx.wait(ctx.fetch(args.source)))


@registry.handler
def of_a_registry(ctx: Context, args: ConvertDocument) -> str:
    """A handler of a registry."""
    return args.source


async def use() -> None:
    """The answers of the app know what they are about."""
    job = await app.enqueue(ConvertDocument(source="a.docx"), delay=1, key="a")
    assert_type(job, Job[ConvertDocument])
    assert_type(job.args, ConvertDocument)
    assert_type((await app.wait(job, timeout=5)).args.source, str)
    assert_type(await app.enqueue_many([ConvertDocument(source="a")]), list[Job[ConvertDocument]])
    assert_type(await app.job(job.id), Job[Args])
    anything: Sequence[Job[Args]] = [job]
    assert anything


def use_synchronously() -> None:
    """So do those of its synchronous twin."""
    with app.sync() as jobs:
        job = jobs.enqueue(ConvertDocument(source="a.docx"))
        assert_type(job, Job[ConvertDocument])
        assert_type(jobs.wait(job).args.pages, int)
        assert_type(jobs.enqueue_many([job.args]), list[Job[ConvertDocument]])
