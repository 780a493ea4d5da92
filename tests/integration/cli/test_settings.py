"""`config`, `schema` and `doctor`."""

from pathlib import Path

from tests.integration.cli.conftest import Cli


def test_config_shows_where_values_came_from(cli: Cli) -> None:
    (cli.folder / "millhand.toml").write_text("[worker]\nslots = 3\n")
    rows = {row["setting"]: row for row in cli("config", "show", "--origin", "--database", "sqlite:///x.db").table}
    assert rows["worker.slots"]["value"] == "3"
    assert rows["worker.slots"]["origin"].endswith("millhand.toml:2")
    assert rows["app"]["origin"] == "environment MILLHAND_APP"
    assert rows["database"]["origin"] == "flag --database"
    assert rows["worker.lease"]["origin"] == "default"


def test_config_check_says_no_to_settings_that_contradict_each_other(cli: Cli) -> None:
    assert cli("config", "check").code == 0
    (cli.folder / "other.toml").write_text("[worker]\npoll = 60\nlease = 10\n")
    ended = cli("config", "check", "--config", "other.toml", "--json")
    assert ended.code == 1
    assert "worker.poll" in {one["id"] for one in ended.objects if one["level"] == "error"}


def test_the_schema_is_made_once(bare: Cli) -> None:
    database = ["--database", "sqlite:///new/jobs.db"]
    assert bare("schema", "status", *database).code == 1
    assert not (bare.folder / "new").exists()
    assert bare("schema", "up", *database).err.startswith("Migrated from nothing")
    assert bare("schema", "up", *database).err == "Up to date.\n"
    assert bare("schema", "status", *database).code == 0


def test_doctor_leaves_an_empty_folder_empty(bare: Cli) -> None:
    ended = bare("doctor")
    assert ended.code == 0, ended.out
    assert "database.reachable" in ended.out
    assert list(bare.folder.iterdir()) == []


def test_doctor_names_what_is_wrong_and_what_to_do(cli: Cli) -> None:
    (cli.folder / "millhand.toml").write_text('app = "no.such.module:app"\n')
    ended = cli.serving("")("doctor", "--json")
    wrong = [one for one in ended.objects if one["level"] == "error"]
    assert ended.code == 1
    assert "handlers.import" in {one["id"] for one in wrong}
    assert all(one["fix"] for one in wrong)


def test_doctor_survives_settings_that_cant_be_read(cli: Cli) -> None:
    (cli.folder / "millhand.toml").write_text("worker = [\n")
    ended = cli("doctor", "--json")
    assert ended.code == 1
    assert [one["id"] for one in ended.objects] == ["config.parsed"]


def test_doctor_finds_what_waits_for_nobody(cli: Cli) -> None:
    cli("enqueue", "sum.add", '{"a": 1}')
    empty = cli.folder / "empty.py"
    empty.write_text("from millhand import App\n\napp = App()\n")
    found = {one["id"]: one["level"] for one in cli("--app", str(empty), "doctor", "--json").objects}
    assert found["handlers.queued_kinds"] == "warning"
    assert found["fleet.queues"] == "warning"
    assert found["broker.round_trip"] == "ok"


def test_doctor_finds_a_damaged_database(cli: Cli) -> None:
    Path(cli.folder / "bad.db").write_text("this is no database, whatever its name says\n" * 100)
    ended = cli("doctor", "--json", "--database", "sqlite:///bad.db")
    assert ended.code == 1
    assert {one["id"]: one["level"] for one in ended.objects}["database.reachable"] == "error"
