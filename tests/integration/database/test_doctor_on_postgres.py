"""What doctor says of a PostgreSQL server, and what the contract command leaves behind on it."""

import json

import psycopg
import pytest

from millhand import App
from millhand.cli.main import main
from millhand.config import Settings
from millhand.core.finding import Finding, Level
from millhand.doctor import server
from millhand.doctor.examination import Check
from millhand.doctor.patient import admitted
from millhand.testing.postgres import PostgresServer


async def found(check: Check, url: str) -> dict[str, Finding]:
    async with admitted(Settings(database=url)) as patient:
        return {finding.id: finding for finding in await check(patient)}


async def test_a_server_in_good_order(postgres_url: str) -> None:
    findings = await found(server.server, postgres_url)
    poor = {name for name, finding in findings.items() if finding.level is not Level.OK}
    assert poor == {"server.durability"}  # the tests' server is not made to survive a power cut
    assert findings["server.version"].finding.startswith("It is PostgreSQL")
    assert "workers take up to 7" in findings["server.connections"].finding
    assert (await found(server.calls, postgres_url))["server.listen"].level is Level.OK


async def test_an_old_transaction_is_named(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_LONG_TRANSACTION", 0.0)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("SELECT 1")
        vacuum = (await found(server.server, postgres_url))["server.vacuum"]
    assert (vacuum.level, "pg_stat_activity" in vacuum.fix) == (Level.WARNING, True)


async def test_a_database_without_our_tables_is_not_given_any(postgres: PostgresServer) -> None:
    url = postgres.fresh()
    assert (await found(server.server, url))["server.reachable"].level is Level.NOT_APPLICABLE
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regnamespace('millhand')").fetchone() == (None,)


async def test_a_file_has_no_server(tmp_path_factory: pytest.TempPathFactory) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('file')}/jobs.db"
    app = App(settings=Settings(database=url))
    async with app:
        await app.backend()
    for check in (server.server, server.calls):
        assert {finding.level for finding in (await found(check, url)).values()} == {Level.NOT_APPLICABLE}


def test_the_contract_leaves_a_database_as_it_was(postgres_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    tables = "SELECT count(*), (SELECT count(*) FROM pg_namespace) FROM pg_class"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        before = connection.execute(tables).fetchone()
        assert main(["contract", postgres_url, "--clause", "b01", "--clause", "B95", "--json"]) == 0
        assert connection.execute(tables).fetchone() == before
    results = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {result["verdict"] for result in results if result["clause"] == "B01"} == {"passed"}
    [transact] = [result for result in results if result["clause"] == "B95"]
    assert (transact["verdict"], "declares no transact" in transact["why"]) == ("not applicable", True)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["sqlite:///x.db", "--clause", "B00"], 2),
        (["pgboss+postgresql://localhost/app"], 2),
        (["postgresql://postgres@127.0.0.1:1/none", "--clause", "B10"], 4),
    ],
)
def test_the_contract_says_what_it_can_not_try(
    arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["contract", *arguments]) == code
    assert "hint" in capsys.readouterr().err
