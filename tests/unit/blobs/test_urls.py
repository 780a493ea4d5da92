"""Paths to URLs and back."""

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millhand.blobs.urls import (
    memory_key,
    object_place,
    path_of,
    posix_path,
    prefix_place,
    scheme_of,
    url_of,
    windows_path,
)
from millhand.core.errors import Permanent


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///data/letter.docx", "/data/letter.docx"),
        ("file:/data/letter.docx", "/data/letter.docx"),
        ("file://localhost/data/letter.docx", "/data/letter.docx"),
        ("FILE:///data/letter.docx", "/data/letter.docx"),
        ("file:///data/my%20letter.docx", "/data/my letter.docx"),
        ("file:///data/my letter.docx", "/data/my letter.docx"),
        ("file:///data/%C3%A4.docx", "/data/ä.docx"),
        ("file:///data/ä.docx", "/data/ä.docx"),
        ("file:///100%25/%23%3F", "/100%/#?"),
        ("file:///a+b", "/a+b"),
    ],
)
def test_url_to_posix_path(url: str, path: str) -> None:
    assert posix_path(url) == PurePosixPath(path)


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///C:/Users/Ann/letter.docx", r"C:\Users\Ann\letter.docx"),
        ("file:///c%3A/letter.docx", r"c:\letter.docx"),
        ("file:///C|/letter.docx", r"C:\letter.docx"),
        ("file:///C:/my%20letter.docx", r"C:\my letter.docx"),
        ("file://server/share/letter.docx", r"\\server\share\letter.docx"),
    ],
)
def test_url_to_windows_path(url: str, path: str) -> None:
    assert windows_path(url) == PureWindowsPath(path)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (PurePosixPath("/data/my letter #1?.docx"), "file:///data/my%20letter%20%231%3F.docx"),
        (PurePosixPath("/data/ä.docx"), "file:///data/%C3%A4.docx"),
        (PureWindowsPath(r"C:\my letter.docx"), "file:///C:/my%20letter.docx"),
        (PureWindowsPath(r"\\server\share\a.docx"), "file://server/share/a.docx"),
    ],
)
def test_path_to_url(path: PurePosixPath | PureWindowsPath, url: str) -> None:
    assert url_of(path) == url


def test_a_relative_path_starts_at_the_working_folder() -> None:
    assert path_of(url_of(Path("letter.docx"))) == Path.cwd() / "letter.docx"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1), min_size=1))
def test_every_posix_path_survives_the_round_trip(names: list[str]) -> None:
    path = PurePosixPath("/", *names)
    if path != PurePosixPath("/"):
        assert posix_path(url_of(path)) == path


@pytest.mark.skipif(os.name == "nt", reason="names on Windows are always text")
def test_a_name_that_is_no_text_survives_the_round_trip() -> None:
    path = Path(os.fsdecode(b"/data/\xff\xfe.docx"))
    assert path_of(url_of(path)) == path


@pytest.mark.parametrize(
    "url",
    [
        "file://server/share/a.docx",  # another machine
        "file:///",
        "file:///folder/",
        "file:relative.docx",
        "file:///a?b",
        "file:///a#b",
        "file:///a?",
        "file:///a%00b",
        "file:///a\tb",
        "file://[broken/a",
    ],
)
def test_a_url_that_names_no_posix_file_is_refused(url: str) -> None:
    with pytest.raises(Permanent) as refused:
        posix_path(url)
    assert refused.value.code == "bad_url"
    assert refused.value.hint


@pytest.mark.parametrize("url", ["file:///no/drive.docx", "file:///C:/a.docx:stream", "file:///C:a.docx"])
def test_a_url_that_names_no_windows_file_is_refused(url: str) -> None:
    with pytest.raises(Permanent) as refused:
        windows_path(url)
    assert refused.value.code == "bad_url"


@pytest.mark.parametrize("text", ["letter.docx", "/data/letter.docx", r"C:\letter.docx", ""])
def test_a_path_is_no_url(text: str) -> None:
    with pytest.raises(Permanent) as refused:
        scheme_of(text)
    assert refused.value.code == "bad_url"
    assert "file:///" in refused.value.hint


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://bucket/a%20b/c.txt", ("bucket", "a b/c.txt")),
        ("s3://bucket/%D7%A9.pdf", ("bucket", "ש.pdf")),
        ("az://container/a+b", ("container", "a+b")),
        ("s3://bucket/..hidden", ("bucket", "..hidden")),
    ],
)
def test_an_object_is_named_by_bucket_and_key(url: str, place: tuple[str, str]) -> None:
    assert object_place(url) == place


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("memory://store/a%20b/c.txt", "store/a b/c.txt"),
        ("memory:///c.txt", "c.txt"),
        ("memory://letter", "letter"),
    ],
)
def test_memory_has_keys_alone(url: str, key: str) -> None:
    assert memory_key(url) == key
    with pytest.raises(Permanent):
        memory_key("memory://")


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket",
        "s3://bucket/",
        "s3://bucket/folder/",
        "s3://bucket//a",
        "s3://bucket/a//b",
        "s3://bucket/a/../b",
        "s3://bucket/a/%2E%2E/b",
        "s3://bucket/./a",
        "s3://bucket/a%2F%2Fb",
        "s3://bucket/new%0Aline",
        "s3://bucket/%7F",
        "s3://bucket/%FF",
        "s3://key:secret@bucket/a",
        "s3://bucket:9000/a",
        "s3://bucket/a?versionId=1",
    ],
)
def test_a_url_that_clients_read_differently_names_no_object(url: str) -> None:
    with pytest.raises(Permanent) as refused:
        object_place(url)
    assert refused.value.code == "bad_url"


def test_a_folder_is_named_with_and_without_a_slash_at_its_end() -> None:
    assert prefix_place("s3://bucket/in/new/") == prefix_place("s3://bucket/in/new") == ("bucket", "in/new")
    assert prefix_place("s3://bucket/") == prefix_place("s3://bucket") == ("bucket", "")
    for url in ("s3://", "s3:///folder", "s3://bucket/a//", "s3://bucket/.."):
        with pytest.raises(Permanent):
            prefix_place(url)
