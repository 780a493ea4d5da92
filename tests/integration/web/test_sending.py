"""Sending jobs: as JSON and with files, once for each idempotency key, waiting for the result or not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.integration.web.conftest import TENANTS, Answer, Served, form


def test_a_job_is_sent_and_its_result_waited_for(site: Served) -> None:
    answer = site.ask("POST", "/v1/jobs?wait=20", {"kind": "note.write", "args": {"text": "abc"}})
    assert (answer.status, answer.json["state"], answer.json["result"]) == (200, "completed", {"length": 3})
    assert answer.headers["location"] == answer.json["url"] == f"/v1/jobs/{answer.json['id']}"


def test_a_job_that_takes_longer_is_a_link(site: Served) -> None:
    answer = site.ask("POST", "/v1/jobs?wait=0.05", {"kind": "note.write", "delay": 3600, "queue": "later"})
    assert (answer.status, answer.json["state"], answer.json["result"]) == (202, "scheduled", None)
    assert site.ask("POST", f"{answer.json['url']}/cancel").json["became"] == "cancelled"


def test_files_become_blobs_that_the_arguments_name(site: Served) -> None:
    body, kind = form(job='{"kind": "note.write"}', source=("../../my note?.txt", b"from a file"))
    answer = site.ask("POST", "/v1/jobs?wait=20", body, Content_Type=kind)
    assert (answer.status, answer.json["result"]) == (200, {"length": 11})
    source = site.ask("GET", f"/v1/jobs/{answer.json['id']}").json["args"]["source"]
    assert source.endswith("/my-note.txt")
    assert Path(source.removeprefix("file://")).is_relative_to(site.folder / "data" / "uploads")


def test_a_repeated_request_makes_no_second_job(site: Served) -> None:
    def send(_: int) -> Answer:
        return site.ask("POST", "/v1/jobs?wait=20", {"kind": "note.write"}, Idempotency_Key="once")

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(send, range(4)))
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sorted(answer.json["duplicate"] for answer in answers) == [False, True, True, True]


def test_a_repeated_upload_makes_no_second_job_and_leaves_no_file(site: Served) -> None:
    def send(content: bytes) -> Answer:
        body, kind = form(job='{"kind": "note.write", "tenant": "twice"}', source=("n.txt", content))
        return site.ask("POST", "/v1/jobs?wait=20", body, Content_Type=kind, Idempotency_Key="upload")

    first = send(b"one")
    before = sorted((site.folder / "data" / "uploads").rglob("n.txt"))
    assert send(b"one").json["id"] == first.json["id"]
    assert send(b"two").json["code"] == "key_reused"
    assert sorted((site.folder / "data" / "uploads").rglob("n.txt")) == before


def test_an_idempotency_key_is_its_callers_own(site: Served) -> None:
    ids = {
        site.ask(
            "POST", "/v1/jobs", {"kind": "note.write"}, key=site.keys["operator", tenant], Idempotency_Key="k"
        ).json["id"]
        for tenant in TENANTS
    }
    assert len(ids) == 2


def test_a_tenants_key_sends_for_that_tenant_alone(site: Served) -> None:
    key = site.keys["operator", "acme"]
    sent = site.ask("POST", "/v1/jobs", {"kind": "note.write"}, key=key).json
    assert site.ask("GET", sent["url"]).json["tenant"] == "acme"
    other = site.ask("POST", "/v1/jobs", {"kind": "note.write", "tenant": "bolt"}, key=key)
    assert (other.status, other.json["code"]) == (403, "not_for_tenants")


@pytest.mark.parametrize("source", ["file://{data}/made/bolt", "FILE://{data}/made/bolt", "s3://bucket/x"])
def test_a_tenants_key_names_no_files_of_others(site: Served, source: str) -> None:
    args = {"source": source.format(data=site.folder / "data")}
    answer = site.ask("POST", "/v1/jobs", {"kind": "note.write", "args": args}, key=site.keys["operator", "acme"])
    assert (answer.status, answer.json["code"]) == (422, "foreign_blob")


def test_a_tenants_key_names_its_own_uploads(site: Served) -> None:
    key = site.keys["operator", "acme"]
    body, kind = form(job='{"kind": "note.write"}', source=("n.txt", b"mine"))
    sent = site.ask("POST", "/v1/jobs?wait=20", body, key=key, Content_Type=kind).json
    source = site.ask("GET", sent["url"], key=key).json["args"]["source"]
    again = {"kind": "note.write", "args": {"source": source}}
    assert site.ask("POST", "/v1/jobs?wait=20", again, key=key).json["result"] == {"length": 4}
    up = source.replace("/n.txt", "/../../x/n.txt")
    assert site.ask("POST", "/v1/jobs", {"kind": "note.write", "args": {"source": up}}, key=key).status == 422
    assert site.ask("POST", "/v1/jobs", again, key=site.keys["operator", "bolt"]).status == 422


def test_a_key_that_another_tenant_holds_tells_nothing_of_its_job(site: Served) -> None:
    job = {"kind": "note.write", "key": "wall", "delay": 3600}
    first = site.ask("POST", "/v1/jobs", job, key=site.keys["operator", "acme"])
    second = site.ask("POST", "/v1/jobs", job, key=site.keys["operator", "bolt"])
    assert (second.status, second.json["code"]) == (409, "key_taken")
    assert first.json["id"] not in second.body.decode()
    site.ask("POST", f"{first.json['url']}/cancel")


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({"kind": "note.write", "args": {"colour": 1}}, 422, "invalid_args", "colour: there is no such field"),
        ({"kind": "note.write", "colour": 1}, 422, "invalid_request", "colour"),
        ({"kind": "note.sing"}, 404, "unknown_kind", "there is no kind"),
        ({"kind": "note.write", "priority": 2**40}, 422, "invalid_request", "priority"),
        (b"{", 422, "invalid_request", "this is no JSON"),
        (b'{"kind": "note.write", "key": "\\ud800"}', 422, "invalid_request", ""),
        ({"kind": "note.write", "args": {"text": "x" * 1_100_000}}, 413, "payload_too_large", "more than"),
    ],
)
def test_what_can_not_be_sent_is_said(site: Served, body: object, status: int, code: str, words: str) -> None:
    answer = site.ask("POST", "/v1/jobs", body)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert words in answer.json["detail"]


def test_other_types_and_broken_forms_are_refused(site: Served) -> None:
    assert site.ask("POST", "/v1/jobs", b"<job/>", Content_Type="text/xml").status == 415
    body, kind = form(source=("n.txt", b"x"))
    assert site.ask("POST", "/v1/jobs", body, Content_Type=kind).status == 422
    assert site.ask("POST", "/v1/jobs", b"--cut", Content_Type=kind.partition(";")[0]).status == 400
    many = {f"f{number}": (f"{number}", b"") for number in range(25)}
    body, kind = form(job="{}", **many)
    assert site.ask("POST", "/v1/jobs", body, Content_Type=kind).status == 400
