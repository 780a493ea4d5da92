"""Chapter 3: a handler may be a plain function. It gets a thread, and may block as it likes."""

import threading
import time

from millhand import App, Args, Context

app = App()


class Grind(Args, kind="tour.grind"):
    """Grind grain."""

    kilos: int


@app.handler
def grind(ctx: Context, args: Grind) -> dict[str, object]:
    """Block for a moment; everything that can be written as JSON may be returned."""
    time.sleep(0.01 * args.kilos)
    return {"flour": args.kilos * 0.8, "on_main_thread": threading.current_thread() is threading.main_thread()}


async def test_a_plain_function_does_a_job_in_a_thread() -> None:
    async with app:
        done = await app.wait(await app.enqueue(Grind(kilos=5)), timeout=30)
    assert done.result == {"flour": 4.0, "on_main_thread": False}
