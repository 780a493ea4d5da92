"""`python -m tests.hostile_pages --count 500 --seed 1`: a worker exports hostile pages and must go on.

Every page must end with a reason that is right for it, within its limit, and good pages between them must be exported.
Exits 0 if that was so, else 1, after printing each page that ended in another way.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.hostile_pages import bulk, network, scripts
from tests.hostile_pages.cases import drawn
from tests.hostile_pages.run import End, run, with_good_pages
from tests.hostile_pages.server import serving

_GOOD_EVERY = 10
_SHOWN = 300  # characters of a page


def main() -> int:
    """Run one seed."""
    options = _parser().parse_args()
    templates = [one for one in (*network.TEMPLATES, *scripts.TEMPLATES, *bulk.TEMPLATES) if options.only in one.name]
    folder = Path(tempfile.mkdtemp(prefix="millhand-hostile-"))
    with serving() as site:
        cases = with_good_pages(drawn(templates, options.count, options.seed, site), _GOOD_EVERY)
        ends = asyncio.run(run(cases, site, folder, options.executors))
    wrong = [end for end in ends if not end.right]
    _say(*_table(ends), f"{len(ends)} pages with seed {options.seed}, {len(wrong)} of them ended wrongly.")
    for end in wrong:
        _say(f"WRONG: {end.case.template.name}: {end.code} after {end.seconds:.1f} s: {end.words}")
        _say(f"       {str(end.case.args)[:_SHOWN]}")
    if wrong:
        _say(f"All records are in {folder}")
        return 1
    shutil.rmtree(folder)
    return 0


def _table(ends: Sequence[End]) -> list[str]:
    """A line for each template: how its pages ended, and the longest."""
    by_name: defaultdict[str, list[End]] = defaultdict(list)
    for end in ends:
        by_name[end.case.template.name].append(end)
    width = max(map(len, by_name))
    lines: list[str] = []
    for name, found in sorted(by_name.items()):
        codes = ", ".join(f"{count} {code}" for code, count in Counter(end.code for end in found).most_common())
        lines.append(f"{name:<{width}}  {max(end.seconds for end in found):5.1f} s  {codes}")
    return lines


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile_pages", description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="how many hostile pages")
    parser.add_argument("--seed", type=int, default=1, help="decides their order and their parameters")
    parser.add_argument("--executors", type=int, default=2, help="processes of the worker")
    parser.add_argument("--only", default="", metavar="NAME", help="only templates with NAME in theirs")
    return parser


if __name__ == "__main__":
    sys.exit(main())
