"""The document server's variables, and what they mean for millhand's settings."""

from pathlib import Path

import pytest

from millhand.app.content import s3_access
from millhand.brokers.bucket import parse
from millhand.config import Settings, load
from millhand.core.errors import ConfigError
from millhand.services.docserver.service import adapted
from millhand.services.docserver.settings import DocserverSettings

MINIO = {
    "MINIO_ENDPOINT": "minio.example.com",
    "MINIO_PORT": "443",
    "MINIO_SECURE": "true",
    "MINIO_ACCESS_KEY": "ann",
    "MINIO_SECRET_KEY": "s3cret",
}


def settings_of(**variables: str) -> Settings:
    general = load(environ=variables, folder=Path("/nowhere"))
    return adapted(general, DocserverSettings.read(variables))


def test_the_variables_of_the_original_are_all_it_needs() -> None:
    settings = settings_of(**MINIO)
    place = parse(settings.broker)
    assert (place.bucket, place.folder, place.queues) == ("performancewest", "", ["to-convert"])
    assert (place.jobs, place.patient, place.taken, place.poll) == (False, True, True, 3.0)
    assert [(route.pattern, route.kind, route.output) for route in place.routes] == [
        ("to-convert/{id}.docx", "document.convert", "converted/{id}.pdf")
    ]
    access = s3_access(settings)
    assert (access.endpoint, access.access_key_id) == ("https://minio.example.com:443", "ann")
    assert access.secret_access_key == "s3cret"
    assert (settings.worker.queues, settings.blob_roots) == (("to-convert",), ())
    assert settings.worker.outage_pauses == (5, 10, 20, 40, 80, 120)
    assert (settings.libreoffice.seconds, settings.word.seconds, settings.documents.engine) == (120, 120, "auto")


def test_the_file_in_the_working_folder_counts_beneath_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docserver.env").write_text("MINIO_ENDPOINT=from-file\nMINIO_BUCKET=letters\nDOCSERVER_TIMEOUT=30\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINIO_ENDPOINT", "")
    monkeypatch.setenv("DOCSERVER_TIMEOUT", "60")
    own = DocserverSettings.read()
    assert (own.minio_endpoint, own.minio_bucket, own.docserver_timeout) == ("from-file", "letters", 60)
    origins = {row.name: row.origin for row in own.rows()}
    assert origins["MINIO_BUCKET"] == "docserver.env"
    assert origins["DOCSERVER_TIMEOUT"] == "environment DOCSERVER_TIMEOUT"
    assert origins["MINIO_PORT"] == "default"


def test_a_folder_of_a_bucket() -> None:
    place = parse(settings_of(**MINIO, MINIO_BUCKET="office/letters/").broker)
    assert (place.bucket, place.folder) == ("office", "letters")


def test_amazon_by_the_bucket_alone() -> None:
    settings = settings_of(MINIO_BUCKET="letters", AWS_ACCESS_KEY_ID="amazon", AWS_SECRET_ACCESS_KEY="x")
    assert settings.broker.startswith("s3://letters?")
    assert (settings.blobs.s3.endpoint, settings.blobs.s3.access_key_id) == ("", "amazon")


def test_without_a_bucket_it_works_on_the_embedded_queue() -> None:
    settings = settings_of()
    assert (settings.broker, settings.worker.queues, settings.blob_roots) == ("", ("documents",), (Path(),))


def test_a_file_of_its_own_wins_over_variables_of_amazon() -> None:
    """The file is not in the environment that the settings were read from."""
    general = load(environ={"AWS_ACCESS_KEY_ID": "amazon", "AWS_SECRET_ACCESS_KEY": "x"}, folder=Path("/nowhere"))
    settings = adapted(general, DocserverSettings.read(MINIO))
    assert settings.blobs.s3.access_key_id == "ann"
    assert settings.origin("blobs.s3.access_key_id") == "environment MINIO_ACCESS_KEY"


def test_what_was_told_of_millhands_settings_wins() -> None:
    settings = settings_of(
        **MINIO,
        MILLHAND_BROKER="s3://other/in?poll=1",
        MILLHAND_BLOBS__S3__ENDPOINT="http://127.0.0.1:9000",
        MILLHAND_WORKER__OUTAGE_PAUSES="1s,2s",
        MILLHAND_LIBREOFFICE__SECONDS="40",
    )
    assert settings.broker == "s3://other/in?poll=1"
    assert settings.blobs.s3.endpoint == "http://127.0.0.1:9000"
    assert (settings.worker.outage_pauses, settings.libreoffice.seconds) == ((1, 2), 40)


@pytest.mark.parametrize(
    ("secure", "port", "url"),
    [("false", "9000", "http://minio:9000"), ("True", "", "https://minio"), ("perhaps", "1", "https://minio:1")],
)
def test_tls_is_given_up_for_a_clear_no_alone(secure: str, port: str, url: str) -> None:
    settings = settings_of(MINIO_ENDPOINT="minio", MINIO_SECURE=secure, MINIO_PORT=port)
    assert settings.blobs.s3.endpoint == url


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MINIO_ENDPOINT", "ann:secret@minio", "is no host"),
        ("MINIO_PORT", "70000", "less than or equal to 65535"),
        ("MINIO_BUCKET", "Not A Bucket", "is no name of a bucket"),
        ("DOCSERVER_TIMEOUT", "soon", "is no duration"),
        ("DOCSERVER_ENGINE", "pages", "'auto', 'word' or 'libreoffice'"),
    ],
)
def test_a_bad_variable_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"environment {name}: ") as refused:
        DocserverSettings.read({name: value})
    assert words in refused.value.message
