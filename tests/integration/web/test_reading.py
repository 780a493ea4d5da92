"""What the API shows: jobs with their history, and the fleet."""

import pytest

from tests.integration.web.conftest import TENANTS, Served


@pytest.fixture(scope="module")
def note(site: Served) -> str:
    """The id of a job that has ended, and that no other test runs again."""
    target = (site.folder / "data" / "made" / "read").as_uri()
    return site.send("note.write", {"text": "for acme", "target": target}, tenant="acme")["id"]


def test_jobs_are_listed_newest_first_page_by_page(site: Served) -> None:
    sent = [site.send("note.write", {"text": str(number)}, tenant="pages")["id"] for number in range(3)]
    first = site.ask("GET", "/v1/jobs?filter=tenant:pages+state:completed&limit=2").json
    assert [job["id"] for job in first["items"]] == sent[:0:-1]
    rest = site.ask("GET", f"/v1/jobs?filter=tenant:pages&limit=2&cursor={first['next']}").json
    assert ([job["id"] for job in rest["items"]], rest["next"]) == (sent[:1], None)


def test_a_job_is_shown_with_all_that_is_known(site: Served, note: str) -> None:
    job = site.ask("GET", f"/v1/jobs/{note}").json
    assert (job["kind"], job["state"], job["tenant"]) == ("note.write", "completed", "acme")
    assert job["args"]["text"] == "for acme"
    assert job["result"] == {"length": 8}
    assert job["headers"]["sent-by"] == "api:http.key"
    assert [step["state"] for step in job["timeline"]] == ["available", "running", "completed"]
    assert job["artefacts"][0]["name"] == "note.txt"
    assert job["enqueued_at"].endswith("Z")


def test_the_parts_of_a_job_are_there_by_themselves(site: Served, note: str) -> None:
    place = f"/v1/jobs/{note}"
    [attempt] = site.ask("GET", f"{place}/attempts").json["items"]
    assert (attempt["state"], attempt["number"]) == ("completed", 1)
    [event] = site.ask("GET", f"{place}/events").json["items"]
    assert (event["name"], event["text"], event["fields"]) == ("log", "writing", {"length": 8})
    assert site.ask("GET", f"{place}/events?after={event['seq']}").json["items"] == []
    assert site.ask("GET", f"{place}/artefacts").json["items"][0]["media_type"] == "text/plain"
    at, *rest = site.ask("GET", f"{place}/logs").body.decode().rstrip("\n").split("\t")
    assert (len(at), rest) == (24, ["1", "info", "writing", '{"length": 8}'])


def test_a_failure_is_told_in_full_and_counted_in_its_group(site: Served) -> None:
    sent = site.send("note.fail", {"reason": "the pen broke"})
    assert (sent["state"], sent["failure"]["code"], sent["failure"]["message"]) == (
        "discarded",
        "no_ink",
        "the pen broke",
    )
    assert "Traceback" in site.ask("GET", f"/v1/jobs/{sent['id']}").json["failure"]["traceback"]
    groups = site.ask("GET", "/v1/failures").json["items"]
    assert [group["kind"] for group in groups if group["sample_id"] == sent["id"]] == ["note.fail"]


def test_the_fleet_is_shown(site: Served) -> None:
    queues = {queue["name"]: queue for queue in site.ask("GET", "/v1/queues").json["items"]}
    assert (queues["notes"]["paused"], queues["notes"]["workers"], queues["notes"]["slots"]) == (False, 1, 4)
    assert site.ask("GET", "/v1/queues/notes").json["name"] == "notes"
    [worker] = site.ask("GET", "/v1/workers").json["items"]
    assert (worker["slots"], worker["silent"]) == (4, False)
    status = site.ask("GET", "/status").json
    assert status["processes"]["items"][0]["id"] == worker["id"]
    assert status["states"]["completed"]["value"] >= 2
    [schedule] = site.ask("GET", "/v1/schedules").json["items"]
    assert (schedule["name"], schedule["explained"]) == ("nightly-note", "At 03:00 every day")


def test_kinds_have_their_schemas(site: Served) -> None:
    kinds = site.ask("GET", "/v1/kinds").json["items"]
    assert [kind["name"] for kind in kinds] == ["jobs.cancel", "jobs.retry", "note.fail", "note.nap", "note.write"]
    kind = site.ask("GET", "/v1/kinds/note.nap").json
    assert kind["args_schema"]["properties"]["seconds"]["default"] == 60.0
    assert kind["rules"]["max_attempts"] == 5


def test_a_tenants_key_sees_that_tenants_jobs(site: Served) -> None:
    key = site.keys["viewer", TENANTS[0]]
    listed = site.ask("GET", "/v1/jobs?limit=500", key=key).json["items"]
    assert {job["tenant"] for job in listed} == {TENANTS[0]}
    assert site.ask("GET", f"/v1/jobs?filter=tenant:{TENANTS[1]}", key=key).json["items"] == []
    other, none = (site.ask("GET", f"/v1/jobs/{job_id}", key=key) for job_id in (site.jobs[TENANTS[1]], "no-such-job"))
    assert other.status == none.status == 404
    assert other.json["detail"].replace(site.jobs[TENANTS[1]], "X") == none.json["detail"].replace("no-such-job", "X")


@pytest.mark.parametrize(
    ("path", "status", "code", "words"),
    [
        ("/v1/jobs?limit=0", 422, "invalid_request", "query limit"),
        ("/v1/jobs?filter=colour:red", 422, "usage", "can't be filtered by 'colour'"),
        ("/v1/jobs?filter=since:99999999999999999d", 422, "usage", "no clock"),
        ("/v1/jobs?cursor=99999999999999999999", 422, "invalid_request", "query cursor"),
        ("/v1/jobs?filter=key:%00", 422, "invalid_request", "query filter"),
        ("/v1/jobs/nothing", 404, "not_found", "there is no job 'nothing'"),
        ("/v1/jobs/no%00thing", 422, "invalid_request", "path job_id"),
        ("/v1/queues/nothing", 404, "not_found", "there is no queue"),
        ("/v1/kinds/nothing", 404, "unknown_kind", "there is no kind"),
        ("/v1/nothing", 404, "not_found", "Not Found"),
        ("/nothing/../../etc/passwd", 404, "not_found", "Not Found"),
    ],
)
def test_errors_are_problems_that_say_what_to_do(site: Served, path: str, status: int, code: str, words: str) -> None:
    answer = site.ask("GET", path)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert (answer.status, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"urn:millhand:error:{code}"
    assert words in problem["detail"]
    assert problem["hint"]


def test_the_description_is_open_and_whole(site: Served) -> None:
    told = site.ask("GET", "/v1/openapi.json", key=None).json
    assert told["openapi"] == "3.1.0"
    operations = [one for path in told["paths"].values() for one in path.values()]
    assert all(one["summary"] and one["description"] and one["tags"] for one in operations)
    assert all("4XX" in one["responses"] for one in operations)
    assert told["components"]["schemas"]["Problem"]["properties"]["hint"]
