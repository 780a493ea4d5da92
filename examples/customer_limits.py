"""Sends letters for two customers: a big one with a long backlog, and a small one who must not wait behind it.

millhand worker --app examples/customer_limits.py --executors 2
python examples/customer_limits.py
"""

import asyncio
from collections.abc import Sequence

from millhand import App, Args, Context, Job

app = App()
AT_A_TIME = 1


class SendLetter(Args, kind="letters.send", queue="letters"):
    """Send a letter."""

    number: int


@app.handler
async def send_letter(ctx: Context, args: SendLetter) -> None:
    """Take a moment."""
    ctx.log.info("sent", number=args.number)
    await asyncio.sleep(0.02)


async def main() -> None:
    """Each customer is a tenant. The limit holds over all workers, and stays until it is changed."""
    async with app:
        await app.limit("letters", per_tenant=AT_A_TIME)
        big = await app.enqueue_many([SendLetter(number=number) for number in range(40)], tenant="big")
        small = await app.enqueue_many([SendLetter(number=number) for number in range(4)], tenant="small")
        done = {
            "big": [await app.wait(job, timeout=60) for job in big],
            "small": [await app.wait(job, timeout=60) for job in small],
        }
    for name, jobs in done.items():
        print(f"{name}: {len(jobs)} letters, at most {most_at_a_time(jobs)} at a time")
    first = min(done, key=lambda name: max(job.finished_at or 0 for job in done[name]))
    print(f"{first} was served first")


def most_at_a_time(jobs: Sequence[Job[SendLetter]]) -> int:
    """The largest number of these jobs that ran at one moment."""
    runs = [(job.started_at or 0, job.finished_at or 0) for job in jobs]
    return max(sum(begin <= start < end for begin, end in runs) for start, _ in runs)


if __name__ == "__main__":
    asyncio.run(main())
