"""Bundles: read in place, and refused where they are bombs or lead out of themselves."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from millhand.engines.chromium.site import answer, of_html
from millhand.handlers.pages.bundle import opened
from millhand.handlers.pages.errors import BadBundle
from millhand.handlers.pages.settings import BundleLimits

LIMITS = BundleLimits(unpacked=1 << 20, entries=20, ratio_from=1 << 16)


def _bundle(folder: Path, files: Mapping[str, bytes]) -> Path:
    path = folder / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_files_are_served_by_their_paths(tmp_path: Path) -> None:
    path = _bundle(tmp_path, {"index.html": b"<p>", "css/a b.css": b"p{}", "data.bin": b"\0"})
    with opened(path, "", LIMITS) as site:
        assert site.url == "http://page.localhost/index.html"
        assert answer(site, site.url) == (200, "text/html; charset=utf-8", b"<p>")
        assert answer(site, "http://page.localhost/css/a%20b.css?v=1") == (200, "text/css", b"p{}")
        assert answer(site, "/data.bin")[1] == "application/octet-stream"
        assert answer(site, "/missing.js")[0] == 404
        assert answer(site, "/../../etc/passwd")[0] == 404
        assert answer(site, "/") == answer(site, "/index.html")


def test_the_topmost_index_is_the_start(tmp_path: Path) -> None:
    with opened(_bundle(tmp_path, {"map/deep/index.html": b"", "map/index.html": b""}), "", LIMITS) as site:
        assert site.start == "map/index.html"


def test_another_start_may_be_named(tmp_path: Path) -> None:
    path = _bundle(tmp_path, {"index.html": b"", "poster.html": b""})
    with opened(path, "poster.html", LIMITS) as site:
        assert site.start == "poster.html"
    with pytest.raises(BadBundle), opened(path, "missing.html", LIMITS):
        pass


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ({"page.html": b""}, "bad_bundle"),
        ({"index.html": b"", "../../etc/cron.d/x": b""}, "bad_bundle"),
        ({"index.html": b"", "/etc/passwd": b""}, "bad_bundle"),
        ({"index.html": b"", "..\\x": b""}, "bad_bundle"),
        ({"index.html": bytes(1 << 19)}, "zip_bomb"),
        ({"index.html": b"", **{f"{number}.bin": bytes(1 << 16) for number in range(17)}}, "zip_bomb"),
        ({"index.html": b"", **{f"{number}": b"" for number in range(20)}}, "zip_bomb"),
    ],
    ids=["no-index", "slip", "absolute", "backslash", "ratio", "total", "entries"],
)
def test_dangerous_bundles_are_refused(tmp_path: Path, files: dict[str, bytes], code: str) -> None:
    with pytest.raises(BadBundle) as caught, opened(_bundle(tmp_path, files), "", LIMITS):
        pass
    assert caught.value.code == code


def test_what_is_no_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"<html>")
    with pytest.raises(BadBundle), opened(path, "", LIMITS):
        pass


def test_a_damaged_file_is_missing_rather_than_fatal(tmp_path: Path) -> None:
    path = _bundle(tmp_path, {"index.html": b"<p>", "a.bin": b"0123456789" * 100})
    path.write_bytes(path.read_bytes().replace(b"a.bin\xab", b"a.bin\xff", 1).replace(b"34", b"99", 1))
    with opened(path, "", LIMITS) as site:
        assert answer(site, "/index.html")[0] == 200


def test_inline_html_is_utf_8() -> None:
    status, media_type, content = answer(of_html("Grüße"), "/index.html")
    assert (status, media_type) == (200, "text/html; charset=utf-8")
    assert content.decode() == "Grüße"
