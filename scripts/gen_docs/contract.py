"""The page of the broker contract: its clauses, and which broker was seen to keep them; and the README's table."""

import inspect
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

from millhand.testing.contract.broker import BrokerContract
from scripts.gen_docs.markdown import page, table
from scripts.gen_docs.source import ROOT

RESULTS = ROOT / "docs" / "reference" / "contract-results.json"
_BROKERS = {
    "TestSqlite": "SQLite",
    "TestPostgres": "PostgreSQL",
    "TestPgBoss": "pg-boss",
    "TestOtherReleases": "pg-boss",
    "TestBucket": "S3 bucket",
}
_MARKS = {"passed": "✔", "skipped": "-", "failed": "✖"}
_CLAUSE = re.compile(r"test_(b\d+)_(\w+)")

Results = dict[str, dict[str, str]]
"""Of each broker: the outcome of each clause's test."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One test of the contract."""

    test: str
    id: str
    words: str
    meaning: str
    group: str


def write() -> str:
    """The page."""
    results = stored()
    groups = dict.fromkeys(clause.group for clause in clauses())
    return page(
        "Broker contract",
        "A broker delivers jobs; everything that the rest relies on is a clause here. The suite is shipped in"
        " `millhand.testing.contract`: inherit `BrokerContract`, give it a harness, and it says what is missing. The"
        " marks are results of `python -m scripts.gen_docs --measure`, which runs it against the real thing: ✔ kept, -"
        " not promised by this broker, ✖ broken.",
        *(f"## {group}\n\n{_clauses(group, results)}" for group in groups),
    )


def capabilities() -> str:
    """The README's table: for each group of clauses, how many each broker was seen to keep."""
    results = stored()
    groups = dict.fromkeys(clause.group for clause in clauses())
    return table(
        ("", *results),
        ((_link(group), *(_sum(group, outcomes) for outcomes in results.values())) for group in groups),
    )


def clauses() -> Iterator[Clause]:
    """Every clause, in the order of the suite."""
    for cls in BrokerContract.__mro__[1:]:
        group = (inspect.getdoc(cls) or "").partition("\n")[0].partition(":")[0].rstrip(".")
        for name, function in vars(cls).items():
            if match := _CLAUSE.fullmatch(name):
                meaning = (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")
                yield Clause(name, match[1].upper(), match[2].replace("_", " "), meaning, group)


def stored() -> Results:
    """The results as they were last measured."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def measure() -> None:
    """Run the suites, and keep their results."""
    report = ROOT / "build" / "contract.xml"
    tests = ["-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "tests/contract", "-k", "test_b"]
    command = [sys.executable, *tests, f"--junitxml={report}"]
    subprocess.run(command, cwd=ROOT, check=False)
    RESULTS.write_text(json.dumps(_outcomes(ET.parse(report)), indent=2) + "\n")  # noqa: S314 - our own file


def _outcomes(report: "ET.ElementTree[ET.Element]") -> Results:
    found: Results = {}
    for case in report.iter("testcase"):
        broker = _BROKERS.get(case.get("classname", "").rpartition(".")[2])
        test = case.get("name", "").partition("[")[0]
        if broker is not None and _CLAUSE.fullmatch(test):
            outcomes = found.setdefault(broker, {})
            outcomes[test] = _worse(outcomes.get(test, "skipped"), _outcome(case))
    return {
        broker: dict(sorted(found[broker].items())) for broker in dict.fromkeys(_BROKERS.values()) if broker in found
    }


def _outcome(case: ET.Element) -> str:
    tags = {child.tag for child in case}
    if tags & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in tags else "passed"


def _worse(one: str, other: str) -> str:
    order = ("skipped", "passed", "failed")
    return max(one, other, key=order.index)


def _clauses(group: str, results: Results) -> str:
    return table(
        ("clause", "", *results),
        (
            (
                clause.id,
                f"**{clause.words}**. {clause.meaning}",
                *(_mark(clause, outcomes) for outcomes in results.values()),
            )
            for clause in clauses()
            if clause.group == group
        ),
    )


def _mark(clause: Clause, outcomes: dict[str, str]) -> str:
    return _MARKS.get(outcomes.get(clause.test, ""), "?")


def _link(group: str) -> str:
    return f"[{group}](docs/reference/broker-contract.md#{group.lower().replace(' ', '-')})"


def _sum(group: str, outcomes: dict[str, str]) -> str:
    own = [outcomes.get(clause.test, "unknown") for clause in clauses() if clause.group == group]
    promised = [outcome for outcome in own if outcome != "skipped"]
    if not promised:
        return "-"
    kept = promised.count("passed")
    return f"✔ {kept}" if kept == len(promised) else f"{kept} of {len(promised)}"
