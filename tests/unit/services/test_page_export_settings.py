"""The page exporter's variables, and what they mean for millhand's settings."""

from pathlib import Path

import pytest

from millhand.config import Settings, load
from millhand.core.errors import ConfigError
from millhand.services.page_export.naming import place_of, stem_of
from millhand.services.page_export.service import adapted
from millhand.services.page_export.settings import PageExportSettings

POSTGRES = "postgresql://ann:secret@db:5432/alwaysmap"


def told(**variables: str) -> PageExportSettings:
    return PageExportSettings.read(variables)


def settings_of(**variables: str) -> Settings:
    return adapted(load(environ=variables, folder=Path("/nowhere")), told(**variables))


def test_without_a_variable_it_works_on_the_embedded_queue() -> None:
    settings = settings_of()
    assert (settings.broker, settings.database) == ("", "sqlite:///data/millhand.db")
    assert (settings.worker.queues, settings.worker.executors) == (("export-map",), 1)
    assert told().render_url == told().api_url == "http://localhost:5173"


@pytest.mark.parametrize("url", [POSTGRES, POSTGRES.replace("postgresql:", "postgres:")])
def test_the_producers_database_is_its_queue_and_not_our_ledger(url: str) -> None:
    settings = settings_of(DATABASE_URL=url)
    assert settings.broker == f"pgboss+{POSTGRES}?schema=pgboss"
    assert settings.database == "sqlite:///data/millhand.db"


def test_a_ledger_of_its_own_stays() -> None:
    settings = settings_of(DATABASE_URL=POSTGRES, MILLHAND_DATABASE="sqlite:////var/lib/m.db", PGBOSS_SCHEMA="jobs")
    assert settings.broker.endswith("?schema=jobs")
    assert settings.database == "sqlite:////var/lib/m.db"


def test_the_database_in_parts() -> None:
    settings = settings_of(DATABASE_HOST="db", DATABASE_USER="ann", DATABASE_PASSWORD="p@ss/word")
    assert settings.broker == "pgboss+postgresql://ann:p%40ss%2Fword@db:5432/alwaysmap?schema=pgboss"


def test_what_was_told_of_millhands_settings_wins() -> None:
    settings = settings_of(MILLHAND_WORKER__EXECUTORS="3", MILLHAND_BLOB_ROOTS="/srv/in", EXPORT_DIR="/srv/out")
    assert settings.worker.executors == 3
    assert settings.blob_roots == (Path("/srv/in"), Path("/srv/out"))
    assert settings.origin("blob_roots") == "environment EXPORT_DIR"


def test_exports_to_a_store_open_that_place_and_no_folder() -> None:
    settings = settings_of(EXPORT_DIR="s3://maps/exports", MILLHAND_BLOBS__PREFIXES="s3://other")
    assert (settings.blob_roots, settings.blobs.prefixes) == ((), ("s3://other", "s3://maps/exports"))


def test_the_render_server_is_the_one_private_host() -> None:
    assert told(API_URL="https://api.example.com/").render_host == "api.example.com:443"
    assert told(API_URL="http://api", RENDER_BASE_URL="http://web:5173").render_host == "web:5173"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("API_URL", "localhost:5173", "is no web address"),
        ("API_URL", "file:///etc", "is no web address"),
        ("API_URL", "http://ann:secret@api", "holds a user's name"),
        ("RENDER_BASE_URL", "http://web:x", "Port could not be cast"),
        ("EXPORT_BLEED", "some", "is no length"),
        ("EXPORT_FORMAT", "gif", "'png' or 'pdf'"),
        ("PGBOSS_SCHEMA", 'a"; drop', "match pattern"),
    ],
)
def test_a_bad_variable_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"environment {name}: ") as refused:
        told(**{name: value})
    assert words in refused.value.message


@pytest.mark.parametrize(
    ("value", "on"), [("true", True), ("TRUE", True), ("1", True), ("false", False), ("no", False)]
)
def test_debug_mode(value: str, *, on: bool) -> None:
    assert told(DEBUG_MODE=value).debug_mode is on


def test_a_file_is_named_by_when_its_job_was_sent() -> None:
    assert stem_of("abc", 1_765_171_806_999_999) == "2025-12-08T05-30-06_abc"
    assert stem_of("abc", 0) == "abc"


@pytest.mark.parametrize(
    ("exports", "path", "url"),
    [
        ("/app/exports", "/app/exports/a.png", "file:///app/exports/a.png"),
        ("./exports/", "exports/a.png", f"{Path.cwd().as_uri()}/exports/a.png"),
        ("s3://maps/out/", "s3://maps/out/a.png", "s3://maps/out/a.png"),
    ],
)
def test_where_files_go(exports: str, path: str, url: str) -> None:
    place = place_of(exports, "a.png")
    assert (place.path, place.url) == (path, url)
