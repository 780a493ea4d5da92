"""`python -m tests.chaos --seed 1 --jobs 2000`: kill and stop processes by a seeded schedule, and prove nothing lost.

Exits 0 if every promise was kept, else 1, after printing each breach with its job's history.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.chaos.beds import OpenBed, sqlite_bed
from tests.chaos.bucket import bucket_bed
from tests.chaos.driver import run
from tests.chaos.pgboss import pgboss_bed
from tests.chaos.postgres import postgres_bed
from tests.chaos.report import breaches, summary

BEDS: Mapping[str, OpenBed] = {
    "sqlite": sqlite_bed,
    "postgres": postgres_bed,
    "pgboss": pgboss_bed,
    "bucket": bucket_bed,
}


def main() -> int:
    """Run one seed."""
    options = _parser().parse_args()
    folder = Path(tempfile.mkdtemp(prefix="millhand-chaos-"))
    outcome = asyncio.run(run(BEDS[options.broker], folder, options.seed, options.jobs))
    _say(f"Chaos with seed {options.seed} on {options.broker}:", *summary(outcome))
    if outcome.breaches:
        _say(*breaches(outcome), f"All records are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="decides the jobs and the faults")
    parser.add_argument("--jobs", type=int, default=2000, help="how many jobs are sent")
    parser.add_argument("--broker", choices=sorted(BEDS), default="sqlite", help="where the jobs wait")
    return parser


if __name__ == "__main__":
    sys.exit(main())
