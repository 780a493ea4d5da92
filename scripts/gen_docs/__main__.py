"""Write or check the generated pages: `python -m scripts.gen_docs [--check | --measure | --screenshot]`."""

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from scripts.gen_docs import api, cli, contract, errors, events, kinds, metrics, screenshot, services, settings, states
from scripts.gen_docs.source import ROOT

PAGES: Mapping[str, Callable[[], str]] = {
    "api": api.write,
    "cli": cli.write,
    "settings": settings.write,
    "errors": errors.write,
    "events": events.write,
    "metrics": metrics.write,
    "states": states.write,
    "kinds": kinds.write,
    "services": services.write,
    "broker-contract": contract.write,
}
README = ROOT / "README.md"
START, END = "<!-- capabilities:start -->", "<!-- capabilities:end -->"


def wanted() -> dict[Path, str]:
    """Each generated file, and what it should hold."""
    pages = {ROOT / "docs" / "reference" / f"{name}.md": write() for name, write in PAGES.items()}
    return {**pages, README: _readme()}


def stale() -> list[Path]:
    """The files that do not hold what they should."""
    return [path for path, text in wanted().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def main() -> int:
    """Do what the options say; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a page is stale")
    parser.add_argument("--measure", action="store_true", help="run the contract suites first")
    parser.add_argument("--screenshot", action="store_true", help="take the README's picture anew first")
    options = parser.parse_args()
    if options.measure:
        contract.measure()
    if options.screenshot:
        screenshot.take()
    found = stale()
    for path in found:
        print(f"{'stale' if options.check else 'written'}: {path.relative_to(ROOT)}")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted()[path], encoding="utf-8")
    return 1 if options.check and found else 0


def _readme() -> str:
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    _, end, after = rest.partition(END)
    return f"{before}{START}\n{contract.capabilities()}\n{END}{after}" if end else text


if __name__ == "__main__":
    sys.exit(main())
