"""Writes a report on a folder every night at half past two, once however many workers run.

millhand worker --app examples/nightly_report.py
millhand schedules list
millhand schedules run nightly-report
"""

from pathlib import Path

from millhand import App, Args, Context

app = App()


class WriteReport(Args, kind="report.write"):
    """Write down how many files a folder has, and how large they are."""

    folder: Path
    target: Path


@app.handler
def write_report(ctx: Context, args: WriteReport) -> dict[str, int]:
    """Write the report; running it twice leaves one report, since it replaces the file."""
    files = [path for path in args.folder.rglob("*") if path.is_file()]
    facts = {"files": len(files), "bytes": sum(path.stat().st_size for path in files)}
    text = "".join(f"{name}: {number}\n" for name, number in facts.items())
    ctx.wait(ctx.save(text.encode(), args.target.absolute().as_uri(), media_type="text/plain"))
    return facts


app.schedule(
    "nightly-report",
    "30 2 * * *",
    WriteReport(folder=Path("examples"), target=Path("reports/nightly.txt")),
    zone="Europe/Berlin",
)
