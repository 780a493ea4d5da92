"""Pages and their actions as a browser without scripts sees them."""

import pytest

from tests.integration.dashboard.conftest import Visitor, text
from tests.support import wait_until

PAGES = (
    "/",
    "/jobs",
    "/failures",
    "/queues",
    "/workers",
    "/schedules",
    "/artefacts",
    "/system",
    "/system/doctor",
    "/new",
)


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shown_under_a_strict_policy(visitor: Visitor, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert b'aria-current="page"' in answer.body or path == "/new"


def test_the_overview_draws_what_ended(visitor: Visitor) -> None:
    page = visitor.get("/").body.decode()
    assert '<path class="completed"' in page
    assert '<path class="discarded"' in page


def test_a_list_shows_errors_in_its_rows_and_escapes_them(visitor: Visitor) -> None:
    answer = visitor.get("/jobs?q=state:discarded")
    assert b"no &lt;b&gt;ink&lt;/b&gt;" in answer.body
    assert b'<span class="subject">no &lt;b&gt;ink&lt;/b&gt;</span>' in answer.body
    assert visitor.served.jobs["failed"].encode() in answer.body
    assert visitor.served.jobs["written"].encode() not in answer.body


def test_a_filter_that_can_not_be_meant_says_why(visitor: Visitor) -> None:
    assert "can't be filtered by 'colour'" in text(visitor.get("/jobs?q=colour:red"))


def test_a_list_goes_on_by_key(visitor: Visitor) -> None:
    for _ in range(51):
        visitor.served.send("note.write", wait=0, queue="many", delay=3600)
    first = visitor.get("/jobs?q=queue:many").body.decode()
    older = first.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&")
    second = visitor.get(older).body.decode()
    assert (first.count('<tr id="job-'), second.count('<tr id="job-')) == (50, 1)
    assert all(" all 51 that fit this filter" in page for page in (first, second))


def test_a_job_tells_its_life_and_shows_what_it_made(visitor: Visitor) -> None:
    page = visitor.get(f"/jobs/{visitor.served.jobs['written']}")
    assert "<title>hello note.write · millhand</title>" in page.body.decode()
    assert "succeeded after" in text(page)
    assert "writing length= 5" in text(page)
    assert "millhand enqueue note.write" in text(page)
    file = page.body.decode().partition('href="/jobs/')[2]
    assert "note.txt" in file
    link = "/jobs/" + page.body.decode().partition("?download=1")[0].rpartition('href="/jobs/')[2]
    shown = visitor.get(link)
    assert (shown.status, shown.body, shown.headers["x-frame-options"]) == (200, b"hello", "SAMEORIGIN")
    assert shown.headers["content-disposition"].startswith("inline")
    assert visitor.get(f"{link}?download=1").headers["content-disposition"].startswith("attachment")
    head = visitor.served.ask("HEAD", link)
    assert (head.status, head.body, head.headers["content-length"], head.headers["etag"]) == (
        200, b"", "5", shown.headers["etag"],
    )  # fmt: skip


def test_a_waiting_job_says_why(visitor: Visitor) -> None:
    assert "Why it waits scheduled for" in text(visitor.get(f"/jobs/{visitor.served.jobs['later']}"))


def test_a_failed_job_runs_again_with_changes_and_passes(visitor: Visitor) -> None:
    job = visitor.served.send("note.write", {"text": "first", "source": "file:///nowhere"})
    form = visitor.get(f"/new/note.write?job={job['id']}")
    assert b'value="file:///nowhere"' in form.body
    page = visitor.act("/new/note.write", job=job["id"], text="first", source="", target="")
    assert "The job is sent." in text(page)
    made = page.body.decode().partition('data-watches="job:')[2].partition('"')[0]
    wait_until(lambda: "succeeded" in text(visitor.get(f"/jobs/{made}")))
    assert f'href="/jobs/{job["id"]}"' in visitor.get(f"/jobs/{made}").body.decode()


def test_a_mistake_in_a_form_is_told_and_nothing_typed_is_lost(visitor: Visitor) -> None:
    visitor.get("/new/note.nap")
    answer = visitor.post("/new/note.nap", seconds="soon")
    assert answer.status == 422
    assert "'soon' can't be the value of seconds" in text(answer)
    assert b'value="soon"' in answer.body


def test_jobs_are_cancelled_and_run_again_one_and_many(visitor: Visitor) -> None:
    jobs = [visitor.served.send("note.write", wait=0, delay=3600)["id"] for _ in range(2)]
    visitor.get("/jobs")
    assert "It is cancelled." in text(visitor.act(f"/jobs/{jobs[0]}/cancel"))
    assert visitor.post(f"/jobs/{jobs[0]}/cancel").status == 409
    assert "The chosen jobs are cancelled" in text(visitor.act("/jobs/cancel", job=jobs[1]))
    assert "No job was chosen." in text(visitor.act("/jobs/cancel"))
    assert "It runs again." in text(visitor.act(f"/jobs/{jobs[0]}/retry"))
    assert "web:anybody job.retry" in text(visitor.get("/system"))


def test_a_group_of_failures_runs_again(visitor: Visitor) -> None:
    job = visitor.served.send("note.fail", {"reason": "once more"})
    fingerprint = job["failure"]["fingerprint"]
    page = visitor.get("/failures").body.decode()
    assert fingerprint in page
    assert 'aria-label="Failed for good in the last 24 hours: ' in page
    assert ", rising <span" in page
    page = visitor.act("/failures/retry", kind="note.fail", fingerprint=fingerprint)
    assert f"kind:note.fail fingerprint:{fingerprint}" in text(page)
    wait_until(lambda: visitor.get(f"/jobs/{job['id']}").body.count(b'<details class="run"') == 2)


def test_a_queue_is_paused_limited_resumed_and_purged_by_its_name(visitor: Visitor) -> None:
    visitor.served.send("note.write", wait=0, queue="a/b", delay=3600)
    visitor.get("/queues")
    assert "The queue is paused" in text(visitor.act("/queues/a%2Fb/pause"))
    assert "The queue delivers again." in text(visitor.act("/queues/a%2Fb/resume"))
    assert "at most 3" in text(visitor.act("/queues/a%2Fb/limits", running="", tenant="3", key=""))
    assert visitor.post("/queues/a%2Fb/limits", running="0").status == 422
    refused = visitor.post("/queues/a%2Fb/purge", confirm="a")
    assert (refused.status, "not_confirmed" in text(refused)) == (422, True)
    assert "is cancelled" in text(visitor.act("/queues/a%2Fb/purge", confirm="a/b"))


def test_a_worker_rests_and_goes_on(visitor: Visitor) -> None:
    page = visitor.get("/workers")
    assert "served by the same process" in text(page)
    base = page.body.decode().partition('action="/workers/')[2].partition("/quiet")[0]
    try:
        assert "takes no more jobs" in text(visitor.act(f"/workers/{base}/quiet"))
        wait_until(lambda: b'<use href="#s-available"/></svg>quiet' in visitor.get("/workers").body)
    finally:
        assert "takes jobs again" in text(visitor.act(f"/workers/{base}/resume"))
    wait_until(lambda: b"</svg>working" in visitor.get("/workers").body)
    assert visitor.post("/workers/nobody/stop").status == 404
    assert "web:anybody worker.resume" in text(visitor.get("/system"))


def test_a_schedule_is_switched_and_fired(visitor: Visitor) -> None:
    assert "nightly-note" in text(visitor.get("/schedules"))
    assert "The schedule is off." in text(visitor.act("/schedules/nightly-note/disable"))
    assert "The schedule is on." in text(visitor.act("/schedules/nightly-note/enable"))
    assert "note.write" in text(visitor.act("/schedules/nightly-note/run"))


def test_what_is_not_there_is_a_page_too(visitor: Visitor) -> None:
    answer = visitor.get("/jobs/nothing")
    assert (answer.status, "There is no job 'nothing'" in text(answer)) == (404, True)
    assert visitor.get("/static/../rendering.py").status == 404
    assert visitor.get("/static/vendor/VENDORED.toml").status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/nowhere", 404, "There is no such page"),
        ("POST", "/queues", 405, "This address is for forms of pages only"),
        ("POST", "/jobs/cancel", 413, "The request's body is larger than"),
        ("GET", "/jobs", 403, "Pages of https://evil.example may not use this"),
    ],
)
def test_what_goes_wrong_before_any_page_is_a_page_for_people(
    visitor: Visitor, method: str, path: str, status: int, words: str
) -> None:
    body = b"" if method == "POST" else None
    headers = {403: {"Origin": "https://evil.example"}, 413: {"Content_Length": "3000000"}}.get(status, {})
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    answer = visitor.served.ask(method, path, body, Accept="text/html,*/*", **kind, **headers)
    assert (answer.status, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert words in text(answer)
    assert "style-src 'self'" in answer.headers["content-security-policy"]
    assert "Overview Jobs" in text(answer)
    if status == 405:
        assert "GET" in answer.headers["allow"]
    plain = visitor.served.ask(method, path, body, **kind, **headers)
    assert (plain.status, plain.json["status"]) == (status, status)


def test_the_apis_problems_stay_what_they_are(visitor: Visitor) -> None:
    answer = visitor.served.ask("GET", "/v1/nowhere", Accept="text/html")
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
