"""Chapter 1: a job.

Each chapter of this tour is a program of its own: it makes an `App`, says what kinds of jobs there are and how they are
done, and sends some. The tests are the sending side. The doing side is a worker in another process that serves the same
app; the fixtures of this folder start it (`serve.py`), and both meet at one SQLite file.
"""

from millhand import App, Args, Context

app = App()


class Greet(Args, kind="tour.greet"):
    """Greet somebody. The class holds a job's arguments; the kind is the name under which it travels."""

    name: str


@app.handler
async def greet(ctx: Context, args: Greet) -> str:
    """The handler of the kind that its second parameter names; what it returns is the job's result."""
    return f"Hello, {args.name}!"


async def test_a_job_is_sent_done_by_a_worker_and_its_result_read() -> None:
    async with app:
        job = await app.enqueue(Greet(name="Ann"))
        done = await app.wait(job, timeout=30)
    assert done.state == "completed"
    assert done.result == "Hello, Ann!"


async def test_a_job_is_found_again_by_its_id() -> None:
    async with app:
        job = await app.enqueue(Greet(name="Bob"))
        await app.wait(job, timeout=30)
        found = await app.job(job.id)
    assert found.kind == "tour.greet"
    assert found.args == Greet(name="Bob")
    assert found.result == "Hello, Bob!"
