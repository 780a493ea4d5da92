"""A tiny app for the tests of the HTTP API: it writes notes, fails, and naps."""

import asyncio

from millhand import App, Args, Context, Permanent, RetryPolicy

app = App()


class Write(Args, kind="note.write", queue="notes"):
    """A note, of a text or of a file."""

    text: str = ""
    source: str = ""
    target: str = ""
    media_type: str = "text/plain"


class Fail(Args, kind="note.fail", queue="notes"):
    """A failure for good."""

    reason: str = "no ink"


class Nap(Args, kind="note.nap", queue="naps"):
    """A pause, in seconds."""

    seconds: float = 60.0


@app.handler(retry=RetryPolicy.fixed())
async def write(ctx: Context, args: Write) -> dict[str, int]:
    """Write a note."""
    ctx.log.info("writing", length=len(args.text))
    content = args.text.encode()
    if args.source:
        content = (await ctx.fetch(args.source)).read_bytes()
    if args.target:
        await ctx.save(content, args.target, name="note.txt", media_type=args.media_type)
    return {"length": len(content)}


@app.handler
async def fail(ctx: Context, args: Fail) -> None:
    """Fail for good."""
    raise Permanent(args.reason, code="no_ink", hint="Buy some.")


@app.handler
async def nap(ctx: Context, args: Nap) -> None:
    """Do nothing for a while."""
    ctx.log.info("sleeping")
    await asyncio.sleep(args.seconds)


app.schedule("nightly-note", "0 3 * * *", Write(text="night"))
