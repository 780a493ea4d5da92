"""Settings come from four layers; each value knows which, and each mistake is told with its place."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from millhand.config import Flag, Settings, load, rows
from millhand.core.durability import Durability
from millhand.core.errors import ConfigError


def _load(folder: Path, toml: str = "", environ: Mapping[str, str] | None = None, *flags: Flag) -> Settings:
    if toml:
        (folder / "millhand.toml").write_text(toml, encoding="utf-8")
    return load(environ=environ or {}, flags=flags, folder=folder)


def _mistake(folder: Path, toml: str = "", environ: Mapping[str, str] | None = None, *flags: Flag) -> ConfigError:
    with pytest.raises(ConfigError) as found:
        _load(folder, toml, environ, *flags)
    return found.value


def test_without_anything_there_are_defaults(tmp_path: Path) -> None:
    settings = _load(tmp_path)
    assert settings.database == "sqlite:///data/millhand.db"
    assert settings.durability is Durability.FULL
    assert settings.data_dir == Path("data")
    assert (settings.http.host, settings.http.port) == ("127.0.0.1", 8450)
    assert (settings.worker.slots, settings.worker.lease, settings.worker.grace) == (1, 15, 30)
    assert (settings.worker.kill_after, settings.worker.poll, settings.worker.recycle_jobs) == (5, 1, 100_000)
    assert settings.worker.queues == ()
    assert settings.worker.executor_count >= 1
    assert settings.origin("worker.lease") == "default"
    assert settings.file is None


def test_later_layers_win_and_each_value_knows_its_origin(tmp_path: Path) -> None:
    toml = "[worker]\nlease = 20\ngrace = 40\npoll = 2\nslots = 3\n"
    environ = {"MILLHAND_WORKER__GRACE": "50", "MILLHAND_WORKER__POLL": "3"}
    settings = _load(tmp_path, toml, environ, Flag("worker.poll", "--poll", 4.0))
    worker = settings.worker
    assert (worker.lease, worker.grace, worker.poll, worker.slots) == (20, 50, 4, 3)
    assert settings.origin("worker.lease") == f"{tmp_path}/millhand.toml:2"
    assert settings.origin("worker.grace") == "environment MILLHAND_WORKER__GRACE"
    assert settings.origin("worker.poll") == "flag --poll"
    assert settings.origin("worker.slots") == f"{tmp_path}/millhand.toml:5"
    assert settings.origin("worker.kill_after") == "default"
    assert settings.file == tmp_path / "millhand.toml"


def test_a_flag_that_was_not_given_changes_nothing(tmp_path: Path) -> None:
    assert _load(tmp_path, "", {}, Flag("http.port", "--port", None)).origin("http.port") == "default"


def test_the_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "millhand.toml").write_text("app = 'a:a'")
    (tmp_path / "b.toml").write_text("app = 'b:b'")
    (tmp_path / "c.toml").write_text("app = 'c:c'")
    environ = {"MILLHAND_CONFIG": "b.toml"}
    assert load(environ={}, folder=tmp_path).app == "a:a"
    assert load(environ=environ, folder=tmp_path).app == "b:b"
    assert load(environ=environ, file=tmp_path / "c.toml", folder=tmp_path).app == "c:c"


def test_a_named_file_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there is no settings file .*gone\.toml"):
        load(environ={"MILLHAND_CONFIG": "gone.toml"}, folder=tmp_path)


def test_database_url_counts_but_ours_wins(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql://db/theirs"}
    settings = _load(tmp_path, "database = 'sqlite:///x.db'", environ)
    assert settings.database == "postgresql://db/theirs"
    assert settings.origin("database") == "environment DATABASE_URL"
    environ["MILLHAND_DATABASE"] = "postgresql://db/ours"
    assert _load(tmp_path, "", environ).database == "postgresql://db/ours"


def test_the_database_goes_with_the_data(tmp_path: Path) -> None:
    settings = _load(tmp_path, "data_dir = '/var/lib/millhand'")
    assert settings.database == "sqlite:////var/lib/millhand/millhand.db"
    assert settings.origin("database") == "data_dir"
    assert _load(tmp_path, "data_dir = 'd'\ndatabase = 'sqlite:///x.db'").database == "sqlite:///x.db"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90", 90), ("1.5", 1.5), ("500ms", 0.5), ("30s", 30), ("5m", 300), ("2H", 7200), ("7 d", 604_800)],
)
def test_durations_are_written_as_people_do(tmp_path: Path, text: str, seconds: float) -> None:
    assert _load(tmp_path, "", {"MILLHAND_RETENTION__COMPLETED": text}).retention.completed == seconds


@pytest.mark.parametrize(
    ("text", "queues"),
    [
        ("mail", ("mail",)),
        ("mail, documents ,", ("mail", "documents")),
        ('["a,b"]', ("a,b",)),
        ("", ()),
        ("[x", ("[x",)),
    ],
)
def test_lists_are_written_with_commas(tmp_path: Path, text: str, queues: tuple[str, ...]) -> None:
    assert _load(tmp_path, "", {"MILLHAND_WORKER__QUEUES": text}).worker.queues == queues


def test_lists_in_the_file_are_lists(tmp_path: Path) -> None:
    settings = _load(tmp_path, "blob_roots = [\n  '/data',\n  '/mnt/b',\n]\n")
    assert settings.all_blob_roots == (Path("data"), Path("/data"), Path("/mnt/b"))


@pytest.mark.parametrize(
    ("toml", "line", "meant"),
    [
        ("app = ''\n\n[worker]\n# a comment\nleese = 3\n", 5, "'worker.lease'"),
        ("slots = 3\n", 1, "'worker.slots'"),
        ("[wroker]\nslots = 3\n", 2, "'worker.slots'"),
        ("worker.lease_seconds = 3\n", 1, "'worker.lease'"),
        ("[database]\nurl = 'sqlite:///x'\n", 2, "'database'"),
        ("[http]\nport = [\n1,\n]\n[log]\nlevle = 'info'\n", 6, "'log.level'"),
    ],
)
def test_an_unknown_name_in_the_file_is_told_with_its_line(tmp_path: Path, toml: str, line: int, meant: str) -> None:
    mistake = _mistake(tmp_path, toml)
    assert mistake.message.startswith(f"{tmp_path}/millhand.toml:{line}: there is no setting")
    assert mistake.hint == f"Did you mean {meant}?"


def test_an_unknown_name_without_a_likeness_points_to_the_list(tmp_path: Path) -> None:
    assert "config show" in _mistake(tmp_path, "zzz = 1").hint


def test_an_unknown_variable_is_told(tmp_path: Path) -> None:
    mistake = _mistake(tmp_path, "", {"MILLHAND_HTTP__PROT": "1"})
    assert mistake.message == "environment MILLHAND_HTTP__PROT: there is no setting 'MILLHAND_HTTP__PROT'"
    assert mistake.hint == "Did you mean 'MILLHAND_HTTP__PORT'?"


def test_the_variables_of_a_kubernetes_service_are_not_ours(tmp_path: Path) -> None:
    names = ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8450_TCP", "PORT_8450_TCP_ADDR"]
    assert _load(tmp_path, "", {f"MILLHAND_{name}": "tcp://10.0.0.1:8450" for name in names}).http.port == 8450


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    toml = "[worker]\nlease = 'soon'\n[log]\nlevel = 'loud'\n"
    mistake = _mistake(tmp_path, toml, {"MILLHAND_HTTP__PORT": "99999"}, Flag("worker.slots", "--slots", 0))
    first, second, third, fourth = sorted(mistake.message.splitlines())
    assert first.startswith(f"{tmp_path}/millhand.toml:2: worker.lease: 'soon': ")
    assert second.startswith(f"{tmp_path}/millhand.toml:4: log.level: 'loud': should be 'debug', 'info'")
    assert third.startswith("environment MILLHAND_HTTP__PORT: MILLHAND_HTTP__PORT: '99999': should be less than")
    assert fourth.startswith("flag --slots: worker.slots: 0: should be greater than")


def test_a_broken_file_is_told_with_line_and_column(tmp_path: Path) -> None:
    mistake = _mistake(tmp_path, "app = 'x'\n[worker\n")
    assert mistake.message.startswith(f"{tmp_path}/millhand.toml:2:8: ")


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "millhand.toml").write_bytes(b"app = '\xff'")
    assert "not UTF-8" in _mistake(tmp_path).message


def test_a_mark_at_the_start_of_the_file_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "millhand.toml").write_bytes(b"\xef\xbb\xbfapp = 'a:b'")
    assert _load(tmp_path).app == "a:b"


def test_what_is_shown_has_every_setting_and_no_secret(tmp_path: Path) -> None:
    environ = {"MILLHAND_HTTP__KEY": "topsecret", "DATABASE_URL": "postgresql://ann:topsecret@db/x"}
    shown = {row.name: row for row in rows(_load(tmp_path, "", environ))}
    assert shown["http.key"].value == "•••"
    assert shown["http.key"].origin == "environment MILLHAND_HTTP__KEY"
    assert shown["database"].value == "postgresql://ann:•••@db/x"
    assert shown["worker.lease"].value == "15"
    assert shown["libreoffice.fork_server"].value == "true"
    assert "topsecret" not in str(list(shown.values()))


def test_a_bad_secret_is_not_repeated(tmp_path: Path) -> None:
    mistake = _mistake(tmp_path, "[http]\nkey = ['topsecret']\n")
    assert "topsecret" not in mistake.message
    assert "http.key" in mistake.message


def test_settings_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().worker.slots = 2
