"""A program as users write it: an app that works in the foreground."""

from millhand import App, Args, Context

app = App()


class Greet(Args, kind="serve.greet"):
    """Greet somebody."""

    name: str


@app.handler
def greet(ctx: Context, args: Greet) -> str:
    """Greet."""
    return f"Good morning, {args.name}"


if __name__ == "__main__":
    app.run()
