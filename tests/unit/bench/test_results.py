"""The page of the bench: tables of medians and ratios, what could not be measured, and the same as JSON."""

import json
from datetime import UTC, datetime
from pathlib import Path

from bench import table
from bench.machine import Load
from bench.report import Report
from bench.results import Contender, Measure, Results
from bench.statistics import Spread

RATE = Measure("drain", "/s", "higher")
WAIT = Measure("start", "ms", "lower")
OURS = Contender("ours", "defaults")
THEIRS = Contender("theirs", "tuned", "ours")
QUIET = Load(2.0, 0.1, 4_000.0)


def results() -> Results:
    found = Results("Queues", [RATE, WAIT], absent={"absentee": "no server"}, notes=["Two repeats."])
    for rate in (9_000.0, 11_000.0, 10_000.0):
        found.add(OURS, {"drain": rate, "start": 1.5})
    found.add(THEIRS, {"drain": 2_500.0})
    return found


def report(load: Load = QUIET) -> Report:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    return Report("full", moment, {"processor": "2 cores"}, load, QUIET, [results()])


def test_a_table_is_aligned() -> None:
    assert table.markdown(["name", "/s"], [["a", "1"], ["longer", "1,000"]]) == (
        "| name   |    /s |\n| ------ | ----: |\n| a      |     1 |\n| longer | 1,000 |\n"
    )


def test_numbers_have_the_digits_that_can_be_trusted() -> None:
    assert [table.number(value) for value in (12_345.6, 123.4, 12.34, 1.234, 0.0, 7.0)] == [
        "12,346",
        "123",
        "12.3",
        "1.23",
        "0",
        "7",
    ]


def test_what_was_not_measured_is_a_dash() -> None:
    assert table.spread(None) == "-"
    assert table.ratio(None) == "-"
    assert table.spread(Spread(2.0, 2.0, 2.0)) == "2"
    assert table.spread(Spread(2.5, 2.25, 3.5)) == "2.50 (2.25-3.50)"


def test_a_ratio_compares_the_medians_with_those_of_the_reference() -> None:
    found = results()

    assert found.ratio(THEIRS, RATE) == 4.0
    assert found.ratio(THEIRS, WAIT) is None
    assert found.ratio(OURS, RATE) is None


def test_the_page_shows_medians_ratios_settings_and_what_is_absent() -> None:
    page = results().markdown()

    assert "10,000 (9,000-11,000)" in page
    assert "4x" in page
    assert "- theirs: tuned" in page
    assert "Not measured: absentee (no server)." in page
    assert "Two repeats." in page


def test_results_without_a_peer_have_no_ratios() -> None:
    found = Results("Queues", [RATE])
    found.add(OURS, {"drain": 1.0})

    assert "ratio" not in found.markdown()


def test_a_busy_machine_is_told_on_the_page() -> None:
    assert "not quiet" in report(Load(80.0, 2.0, 300.0)).markdown()
    assert "not quiet" not in report().markdown()


def test_a_report_is_written_as_a_dated_page_as_json_and_as_the_latest(tmp_path: Path) -> None:
    written = report().write(tmp_path / "results")

    assert [path.name for path in written] == ["2026-01-02-full.md", "2026-01-02-full.json", "latest.md"]
    assert written[0].read_text() == written[2].read_text()
    section = json.loads(written[1].read_text())["sections"][0]
    assert section["contenders"][0]["values"]["drain"] == [9_000.0, 11_000.0, 10_000.0]
    assert section["contenders"][1]["ratios"] == {"drain": 4.0}
