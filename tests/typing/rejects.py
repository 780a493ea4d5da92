"""What a type checker must refuse: each line that says so. It is checked, never run.

An ignored error that is none is an error of its own (reportUnnecessaryTypeIgnoreComment), here as in the whole project.
"""

from millhand import App, Args, Context, Job, RetryPolicy


class ConvertDocument(Args, kind="document.convert"):
    """Convert a document."""

    source: str


class Weigh(Args, kind="test.weigh"):
    """Weigh something."""

    grams: int


app = App()


@app.handler  # pyright: ignore[reportArgumentType]
async def takes_no_args(ctx: Context) -> None:
    """Lacks the arguments."""


@app.handler  # pyright: ignore[reportArgumentType]
async def takes_a_number(ctx: Context, args: int) -> None:
    """Has arguments that are no Args."""


@app.handler  # pyright: ignore[reportArgumentType]
async def takes_them_the_wrong_way_round(args: ConvertDocument, ctx: Context) -> None:
    """Has its parameters in the wrong order."""


@app.handler(retries=3)  # pyright: ignore[reportCallIssue]
async def has_an_unknown_rule(ctx: Context, args: ConvertDocument) -> None:
    """Has a rule that does not exist."""


@app.handler(retry=3)  # pyright: ignore[reportArgumentType]
async def has_a_rule_of_the_wrong_type(ctx: Context, args: ConvertDocument) -> None:
    """Has a number for a policy."""


@app.handler
async def reads_a_field_that_is_not_there(ctx: Context, args: ConvertDocument) -> str:
    """Reads what its arguments do not have."""
    return args.sauce  # pyright: ignore[reportAttributeAccessIssue]


async def send() -> None:
    """Sends what can't be sent."""
    await app.enqueue("a.docx")  # pyright: ignore[reportArgumentType]
    await app.enqueue(ConvertDocument)  # pyright: ignore[reportArgumentType]
    await app.enqueue(ConvertDocument())  # pyright: ignore[reportCallIssue]
    await app.enqueue(ConvertDocument(source=5))  # pyright: ignore[reportArgumentType]
    await app.enqueue(ConvertDocument(source="a"), delay="soon")  # pyright: ignore[reportArgumentType]
    await app.enqueue(ConvertDocument(source="a"), when=5)  # pyright: ignore[reportCallIssue]
    await app.enqueue_many(ConvertDocument(source="a"))  # pyright: ignore[reportArgumentType]
    job: Job[Weigh] = await app.enqueue(ConvertDocument(source="a"))  # pyright: ignore[reportAssignmentType]
    await app.wait(job, timeout="5 s")  # pyright: ignore[reportArgumentType]
    RetryPolicy(attempts=3)  # pyright: ignore[reportCallIssue]
