"""Counts the words of the texts in a folder: one job for the folder plans a follow-up job for each text.

millhand worker --app examples/word_count.py
python examples/word_count.py examples/texts
"""

import sys
from pathlib import Path

from millhand import App, Args, Context

app = App()


class CountFolder(Args, kind="words.count-folder"):
    """Count the words of each text in a folder."""

    folder: Path


class CountText(Args, kind="words.count-text"):
    """Count the words of one text."""

    url: str


@app.handler
def count_folder(ctx: Context, args: CountFolder) -> list[str]:
    """Plan a job for each text. They appear together with this job's completion, or not at all."""
    texts = sorted(args.folder.glob("*.txt"))
    return [ctx.enqueue(CountText(url=text.absolute().as_uri())) for text in texts]


@app.handler
async def count_text(ctx: Context, args: CountText) -> int:
    """Count."""
    text = await ctx.fetch(args.url, max_bytes=10_000_000)
    return len(text.read_text(encoding="utf-8").split())


def main(folder: Path) -> None:
    """Send the job, and show what its follow-up jobs found."""
    with app.sync() as jobs:
        parent = jobs.wait(jobs.enqueue(CountFolder(folder=folder.absolute())), timeout=60)
        for child_id in parent.result:
            child = jobs.wait(jobs.job(child_id), timeout=60)
            if isinstance(child.args, CountText):
                print(f"{child.result:>6} {Path(child.args.url).name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
