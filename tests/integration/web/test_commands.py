"""Commands over HTTP: on jobs, queues and schedules; each is in the audit trail under the key's name."""

import pytest

from tests.integration.web.conftest import Served
from tests.support import wait_until


def test_a_settled_job_runs_again(site: Served) -> None:
    job = site.send("note.fail")
    again = site.ask("POST", f"{job['url']}/retry", key=site.keys["operator", None])
    assert (again.status in (200, 202), again.json["id"]) == (True, job["id"])
    wait_until(lambda: len(site.ask("GET", f"{job['url']}/attempts").json["items"]) == 2)
    newest = site.ask("GET", "/v1/audit?limit=1").json["items"][0]
    assert (newest["actor"], newest["action"], newest["target"]) == ("api:operator-None", "job.retry", job["id"])


def test_a_job_runs_again_with_changed_arguments_as_a_new_one(site: Served) -> None:
    job = site.send("note.write", {"text": "first", "source": "file:///nowhere"})
    assert job["state"] == "discarded"
    again = site.ask("POST", f"{job['url']}/retry", {"args": {"source": None}}).json
    assert again["id"] != job["id"]
    done = wait_until(lambda: (found := site.ask("GET", again["url"]).json)["state"] == "completed" and found)
    assert (done["parent_id"], done["args"]["text"], done["result"]) == (job["id"], "first", {"length": 5})
    assert site.ask("GET", "/v1/audit?limit=1").json["items"][0]["action"] == "job.repeat"
    wrong = site.ask("POST", f"{job['url']}/retry", {"args": {"colour": "red"}})
    assert (wrong.status, wrong.json["code"]) == (422, "invalid_args")


def test_a_running_job_is_told_to_stop(site: Served) -> None:
    job = site.ask("POST", "/v1/jobs", {"kind": "note.nap"}).json
    wait_until(lambda: site.ask("GET", job["url"]).json["state"] == "running")
    late = site.ask("POST", f"{job['url']}/retry")
    assert (late.status, late.json["code"]) == (409, "too_late")
    assert site.ask("POST", f"{job['url']}/cancel").json == {"id": job["id"], "became": "requested"}
    wait_until(lambda: site.ask("GET", job["url"]).json["state"] == "cancelled")
    assert site.ask("POST", f"{job['url']}/cancel").status == 409


def test_a_queue_is_paused_limited_purged_and_resumed(site: Served) -> None:
    site.send("note.write", queue="slow")
    assert site.ask("POST", "/v1/queues/slow/pause").json["paused"]
    assert site.ask("PUT", "/v1/queues/slow/limits", {"running": 2}).json["limits"] == {
        "running": 2,
        "per_tenant": None,
        "per_limit_key": None,
    }
    waiting = site.send("note.write", queue="slow", wait=0)
    reasons = [reason["code"] for reason in site.ask("GET", waiting["url"]).json["waiting"]]
    assert "paused" in reasons
    refused = site.ask("POST", "/v1/queues/slow/purge", {"confirm": "slo"})
    assert (refused.status, refused.json["code"]) == (422, "not_confirmed")
    assert site.ask("POST", "/v1/queues/slow/purge", {"confirm": "slow"}).json == {"queue": "slow", "cancelled": 1}
    assert not site.ask("POST", "/v1/queues/slow/resume").json["paused"]
    actions = [one["action"] for one in site.ask("GET", "/v1/audit").json["items"] if one["target"] == "slow"]
    assert actions == ["queue.resume", "queue.purge", "queue.caps", "queue.pause"]


@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_queue_that_is_not_there_is_not_made(site: Served, action: str) -> None:
    assert site.ask("POST", f"/v1/queues/nowhere/{action}").status == 404


def test_a_worker_rests_and_goes_on(site: Served) -> None:
    [worker] = site.ask("GET", "/v1/workers").json["items"]
    place = f"/v1/workers/{worker['id']}"
    assert (worker["state"], worker["wish"]) == ("running", "work")
    try:
        assert site.ask("POST", f"{place}/quiet").json["wish"] == "quiet"
        wait_until(lambda: site.ask("GET", "/v1/workers").json["items"][0]["state"] == "quiet")
        waiting = site.send("note.write", wait=0)
        assert "quiet" in [reason["code"] for reason in site.ask("GET", waiting["url"]).json["waiting"]]
    finally:
        assert site.ask("POST", f"{place}/resume").json["wish"] == "work"
    wait_until(lambda: site.ask("GET", waiting["url"]).json["state"] == "completed")
    actions = [
        one["action"] for one in site.ask("GET", "/v1/audit?limit=9").json["items"] if one["target"] == worker["id"]
    ]
    assert actions == ["worker.resume", "worker.quiet"]


def test_a_schedule_is_fired_and_switched(site: Served) -> None:
    fired = site.ask("POST", "/v1/schedules/nightly-note/run")
    assert fired.status == 202
    assert site.ask("GET", fired.json["url"]).json["args"]["text"] == "night"
    assert not site.ask("POST", "/v1/schedules/nightly-note/disable").json["enabled"]
    assert site.ask("POST", "/v1/schedules/nightly-note/enable").json["enabled"]
    assert site.ask("POST", "/v1/schedules/none/enable").status == 404
