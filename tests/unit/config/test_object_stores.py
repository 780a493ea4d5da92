"""Object stores are found by the names that other programs have for them, and no two keys are mixed."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from millhand.app.content import azure_access, object_access, s3_access
from millhand.config import Flag, Settings, load, rows
from millhand.core.errors import ConfigError
from millhand.stores import S3Access

AWS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
CREDENTIALS = """
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default-secret
aws_session_token = default-token

[work]
aws_access_key_id = AKIAWORK
aws_secret_access_key = work-secret
"""


def _load(folder: Path, environ: Mapping[str, str], toml: str = "", *flags: Flag) -> Settings:
    if toml:
        (folder / "millhand.toml").write_text(toml)
    return load(environ=environ, flags=flags, folder=folder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with two profiles."""
    folder = tmp_path / "home" / ".aws"
    folder.mkdir(parents=True)
    (folder / "credentials").write_text(CREDENTIALS)
    (folder / "config").write_text("[default]\nregion = eu-north-1\n[profile work]\nendpoint_url = https://s3.work\n")
    return folder.parent


def test_amazons_variables(tmp_path: Path) -> None:
    environ = {**AWS, "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "x", "AWS_ENDPOINT_URL": "https://s3.example/"}
    settings = _load(tmp_path, environ)
    assert s3_access(settings) == S3Access(
        endpoint="https://s3.example",
        region="eu-west-1",
        access_key_id="AKIA",
        secret_access_key="secret",
        session_token="token",
        origin="environment AWS_ACCESS_KEY_ID",
    )


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        (
            {"MINIO_ENDPOINT": "minio.example.com", "MINIO_PORT": "443", "MINIO_SECURE": "true"},
            "https://minio.example.com:443",
        ),
        ({"MINIO_ENDPOINT": "192.168.1.5", "MINIO_PORT": "9000", "MINIO_SECURE": "False"}, "http://192.168.1.5:9000"),
        ({"MINIO_ENDPOINT": "localhost:9000", "MINIO_SECURE": "0"}, "http://localhost:9000"),
        ({"MINIO_ENDPOINT": "minio"}, "https://minio"),
        ({"MINIO_ENDPOINT": "http://minio:9000", "MINIO_PORT": "1"}, "http://minio:9000"),
    ],
)
def test_minios_variables(tmp_path: Path, variables: dict[str, str], endpoint: str) -> None:
    keys = {"MINIO_ACCESS_KEY": "mill", "MINIO_SECRET_KEY": "hand"}
    access = s3_access(_load(tmp_path, {**AWS, "AWS_ENDPOINT_URL": "https://other", **variables, **keys}))
    assert (access.endpoint, access.access_key_id, access.secret_access_key) == (endpoint, "mill", "hand")
    assert access.session_token == "", "of Amazon's key"


def test_a_profile_is_read_where_nothing_else_says(tmp_path: Path, home: Path) -> None:
    access = s3_access(_load(tmp_path, {"HOME": str(home)}))
    assert (access.access_key_id, access.session_token) == ("AKIADEFAULT", "default-token")
    assert access.region == "eu-north-1"
    assert access.origin == f"{home}/.aws/credentials [default]"
    work = s3_access(_load(tmp_path, {"HOME": str(home), "AWS_PROFILE": "work"}))
    assert (work.access_key_id, work.secret_access_key, work.session_token) == ("AKIAWORK", "work-secret", "")
    assert (work.endpoint, work.region) == ("https://s3.work", "us-east-1")


def test_a_session_token_goes_with_its_own_key_only(tmp_path: Path, home: Path) -> None:
    where = {"HOME": str(home)}
    keys = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "secret"}
    assert s3_access(_load(tmp_path, {**where, **keys})).session_token == ""
    ours = {"MILLHAND_BLOBS__S3__ACCESS_KEY_ID": "ours", "MILLHAND_BLOBS__S3__SECRET_ACCESS_KEY": "x"}
    assert s3_access(_load(tmp_path, {**AWS, **ours})).session_token == ""
    assert s3_access(_load(tmp_path, {**where, "AWS_SESSION_TOKEN": "stray"})).session_token == "default-token"
    toml = "[blobs.s3]\naccess_key_id = 'file'\nsecret_access_key = 'x'\nsession_token = 'y'\n"
    assert s3_access(_load(tmp_path, where, toml)).session_token == "y"


def test_a_broken_profile_is_told(tmp_path: Path, home: Path) -> None:
    (home / ".aws" / "credentials").write_text("no section = 1\n")
    with pytest.raises(ConfigError, match="credentials"):
        _load(tmp_path, {"HOME": str(home)})


def test_azures_variables(tmp_path: Path) -> None:
    text = "AccountName=acme;AccountKey=a2V5;EndpointSuffix=core.windows.net"
    access = azure_access(_load(tmp_path, {"AZURE_STORAGE_CONNECTION_STRING": text}))
    assert (access.account, access.key, access.endpoint) == ("acme", "a2V5", "https://acme.blob.core.windows.net")
    assert access.origin == "environment AZURE_STORAGE_CONNECTION_STRING"
    access = azure_access(_load(tmp_path, {"AZURE_STORAGE_CONNECTION_STRING": text, "AZURE_STORAGE_SAS_TOKEN": "sv=1"}))
    assert (access.account, access.key, access.sas_token) == ("acme", "", "sv=1")
    access = azure_access(_load(tmp_path, {"AZURE_STORAGE_ACCOUNT": "b", "AZURE_STORAGE_KEY": "k"}))
    assert (access.account, access.key, access.origin) == ("b", "k", "environment AZURE_STORAGE_KEY")


def test_places_are_lists(tmp_path: Path) -> None:
    settings = _load(tmp_path, {"MILLHAND_BLOBS__PREFIXES": "s3://in, s3://out/done/,azure://c/d"})
    places = [str(prefix) for prefix in object_access(settings).prefixes]
    assert places == ["s3://in/", "s3://out/done/", "az://c/d/"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MILLHAND_BLOBS__PREFIXES", "bucket"),
        ("MILLHAND_BLOBS__PREFIXES", "s3://"),
        ("MILLHAND_BLOBS__PREFIXES", "s3://key:secret@bucket"),
        ("MILLHAND_BLOBS__PREFIXES", "file:///data"),
        ("MILLHAND_BLOBS__S3__ENDPOINT", "minio:9000"),
        ("MILLHAND_BLOBS__S3__REGION", ""),
        ("AZURE_STORAGE_CONNECTION_STRING", "hunter2"),
    ],
)
def test_what_can_not_be_meant_is_refused(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(ConfigError, match=variable) as refused:
        _load(tmp_path, {variable: value})
    assert "hunter2" not in str(refused.value)


def test_secrets_are_masked_where_settings_are_shown(tmp_path: Path) -> None:
    environ = {**AWS, "AZURE_STORAGE_KEY": "hunter2", "AZURE_STORAGE_CONNECTION_STRING": "AccountName=a;AccountKey=b"}
    shown = {row.name: row for row in rows(_load(tmp_path, environ))}
    for name in ("s3.secret_access_key", "s3.session_token", "azure.key", "azure.connection_string"):
        assert shown[f"blobs.{name}"].value == "•••"
    assert shown["blobs.s3.access_key_id"].value == "AKIA"
    assert shown["blobs.s3.access_key_id"].origin == "environment AWS_ACCESS_KEY_ID"
