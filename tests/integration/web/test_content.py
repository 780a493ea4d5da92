"""What jobs produced, downloaded whole and in part."""

from pathlib import Path

import pytest

from tests.integration.dashboard.conftest import Visitor
from tests.integration.web.conftest import Served


@pytest.fixture(scope="module")
def place(site: Served) -> str:
    """The path of the content `0123456789`."""
    target = (site.folder / "data" / "made" / "digits").as_uri()
    job = site.send("note.write", {"text": "0123456789", "target": target})
    [artefact] = site.ask("GET", f"{job['url']}/artefacts").json["items"]
    return f"{job['url']}/artefacts/{artefact['seq']}/content"


def test_the_whole_file(site: Served, place: str) -> None:
    answer = site.ask("GET", place)
    assert (answer.status, answer.body) == (200, b"0123456789")
    assert answer.headers["content-length"] == "10"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''note.txt"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert site.ask("GET", f"{place}?inline=true").headers["content-disposition"].startswith("inline")
    assert site.ask("GET", place, If_None_Match=answer.headers["etag"]).status == 304


@pytest.mark.parametrize(
    ("asked", "status", "body", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=7-3", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_part_of_the_file(site: Served, place: str, asked: str, status: int, body: bytes, told: str | None) -> None:
    answer = site.ask("GET", place, Range=asked)
    assert (answer.status, answer.body, answer.headers.get("content-range")) == (status, body, told)


def test_a_part_that_is_not_there(site: Served, place: str) -> None:
    answer = site.ask("GET", place, Range="bytes=10-")
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10")
    assert site.ask("GET", place, Range="bytes=-0").status == 416


def test_a_part_of_a_file_that_has_changed_is_the_whole(site: Served, place: str) -> None:
    assert site.ask("GET", place, Range="bytes=0-1", If_Range='"another"').status == 200


def test_a_file_that_is_gone_or_replaced_is_said_so(site: Served) -> None:
    path = Path(site.folder / "data" / "made" / "gone")
    job = site.send("note.write", {"text": "abc", "target": path.as_uri()})
    [artefact] = site.ask("GET", f"{job['url']}/artefacts").json["items"]
    place = f"{job['url']}/artefacts/{artefact['seq']}/content"
    path.write_text("abcd")
    assert (site.ask("GET", place).status, site.ask("GET", place).json["code"]) == (410, "blob_changed")
    path.unlink()
    assert (site.ask("GET", place).status, site.ask("GET", place).json["code"]) == (410, "blob_missing")


def test_the_headers_alone_are_those_of_the_whole(site: Served, place: str) -> None:
    whole, head = site.ask("GET", place), site.ask("HEAD", place, Range="bytes=0-1")
    assert (head.status, head.body) == (200, b"")
    same = ("content-length", "content-type", "accept-ranges", "etag", "content-disposition", "cache-control")
    assert {name: head.headers[name] for name in same} == {name: whole.headers[name] for name in same}
    assert site.ask("HEAD", place, If_None_Match=head.headers["etag"]).status == 304
    assert site.ask("HEAD", f"{place.rpartition('/')[0]}0/content").status == 404


def test_the_list_of_all_is_of_the_callers_tenant(site: Served, place: str) -> None:
    everything = site.ask("GET", "/v1/artefacts?name=NOTE&type=text/*&limit=500").json["items"]
    assert {*site.jobs.values(), place.split("/")[3]} <= {one["job_id"] for one in everything}
    own = site.ask("GET", "/v1/artefacts", key=site.keys["viewer", "acme"]).json["items"]
    assert {one["job_id"] for one in own} & set(site.jobs.values()) == {site.jobs["acme"]}
    first = site.ask("GET", "/v1/artefacts?limit=1").json
    second = site.ask("GET", f"/v1/artefacts?limit=1&cursor={first['next']}").json
    assert first["items"][0]["seq"] > second["items"][0]["seq"]


def test_the_page_of_artefacts_shows_a_tenant_its_own(site: Served) -> None:
    visitor = Visitor(site)
    visitor.get("/sign-in")
    visitor.post("/sign-in", key=site.keys["viewer", "acme"], next="/")
    page = visitor.get("/artefacts?name=note").body.decode()
    assert f"/jobs/{site.jobs['acme']}" in page
    assert site.jobs["bolt"] not in page
