"""Chapter 17: what is dear to open is opened once for each executor process, and shared by its jobs."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from millhand import App, Args, Context
from millhand.core.resource import resource

app = App()


class Oven:
    """Dear to heat up."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.loaves = 0

    def bake(self) -> int:
        """Bake one more loaf."""
        self.loaves += 1
        return self.loaves


@contextmanager
def heated_oven(folder: Path) -> Generator[Oven]:
    """Open it; the folder is its own, and is removed when the executor ends."""
    yield Oven(folder / "log")


OVEN = resource(heated_oven)


class BakeLoaf(Args, kind="tour.bake-loaf"):
    """Bake a loaf in the shared oven."""


@app.handler
def bake_loaf(ctx: Context, args: BakeLoaf) -> int:
    """`use` opens the oven the first time, and gives the same one from then on."""
    return ctx.use(OVEN).bake()


async def test_jobs_of_one_executor_share_what_it_opened() -> None:
    async with app:
        jobs = await app.enqueue_many([BakeLoaf() for _ in range(20)])
        numbers = sorted([(await app.wait(job, timeout=30)).result for job in jobs])
    executors = numbers.count(1)
    assert executors in {1, 2}
    assert numbers[-1] >= 20 / executors
