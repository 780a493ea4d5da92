"""`exec`: a handler here and now."""

from tests.integration.cli.conftest import Cli


def test_it_runs_the_handler_and_writes_its_result(cli: Cli) -> None:
    ended = cli("exec", "sum.add", '{"a": 1, "b": 2}')
    assert ended.out == '{"sum": 3}\n'
    assert "adding" in ended.err
    assert "50% half way" in cli("exec", "sum.add", '{"a": 1}', "-v").err


def test_it_needs_no_database(bare: Cli) -> None:
    bare("exec", "sum.add", '{"a": 1}', "--database", "sqlite:////dev/null/no.db")
    assert not list(bare.folder.rglob("*.db"))


def test_it_tells_what_would_become_of_a_failing_job(cli: Cli) -> None:
    short, long = cli("exec", "sum.fail"), cli("exec", "sum.fail", "-v")
    assert "no such number (bad_number)" in short.err
    assert "discarded" in short.err
    assert "Traceback" not in short.err
    assert "Traceback" in long.err
