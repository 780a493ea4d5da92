"""`millhand jobs`: look at jobs, follow them, and command them."""

import typer

from millhand.cli.commands.jobs.change import cancel, retry
from millhand.cli.commands.jobs.list import list_jobs
from millhand.cli.commands.jobs.logs import logs
from millhand.cli.commands.jobs.show import show
from millhand.cli.commands.jobs.wait import wait

jobs = typer.Typer(no_args_is_help=True, help="List, show, follow, retry and cancel jobs.")
jobs.command("list")(list_jobs)
jobs.command()(show)
jobs.command()(logs)
jobs.command()(wait)
jobs.command()(retry)
jobs.command()(cancel)
