"""Commands on all jobs that a filter means: a job does them, and reaches no further than whoever sent it."""

from urllib.parse import quote

from tests.integration.web.conftest import Served
from tests.support import wait_until


def _listed(site: Served, words: str) -> list[dict[str, object]]:
    return site.ask("GET", f"/v1/jobs?filter={quote(words)}").json["items"]


def test_a_job_acts_on_all_that_fit(site: Served) -> None:
    jobs = [site.send("note.write", wait=0, queue="many", delay=3600, tenant=name)["id"] for name in ("acme", "bolt")]
    bound = site.ask("POST", "/v1/jobs/cancel?wait=20", {"filter": "queue:many"}, key=site.keys["operator", "acme"])
    assert (bound.status, bound.json["kind"], bound.json["result"]) == (200, "jobs.cancel", {"found": 1, "done": 1})
    states = [site.ask("GET", f"/v1/jobs/{job}").json["state"] for job in jobs]
    assert states == ["cancelled", "scheduled"]
    assert bound.json["url"] in {f"/v1/jobs/{row['id']}" for row in _listed(site, "kind:jobs.cancel tenant:acme")}
    again = site.ask("POST", "/v1/jobs/retry?wait=20", {"filter": "queue:many"}).json
    assert again["result"] == {"found": 2, "done": 2}
    trail = site.ask("GET", "/v1/audit").json["items"]
    assert ("api:operator-acme", "job.cancel", jobs[0]) in [
        (one["actor"], one["action"], one["target"]) for one in trail
    ]


def test_it_reaches_no_other_tenant_however_it_is_sent(site: Served) -> None:
    job = site.send("note.write", wait=0, queue="apart", delay=3600, tenant="bolt")["id"]
    key = site.keys["operator", "acme"]
    refused = site.ask("POST", "/v1/jobs/cancel", {"filter": "tenant:bolt"}, key=key)
    assert (refused.status, refused.json["code"]) == (403, "not_for_tenants")
    for words in ("tenant:bolt", "queue:apart"):
        order = {"kind": "jobs.cancel", "args": {"filter": words}}
        sent = site.ask("POST", "/v1/jobs?wait=20", order, key=key)
        assert sent.json["result"] == {"found": 0, "done": 0}
    assert site.ask("GET", f"/v1/jobs/{job}").json["state"] == "scheduled"


def test_a_filter_that_says_nothing_is_refused(site: Served) -> None:
    for words in ("", "  ", "colour:red"):
        assert site.ask("POST", "/v1/jobs/cancel", {"filter": words}).status == 422


def test_what_was_sent_after_the_command_is_not_meant_by_it(site: Served) -> None:
    old, command, new = (
        site.send(kind, args, wait=0, delay=delay, queue=queue)["id"]
        for kind, args, delay, queue in (
            ("note.write", {}, 3600, "row"),
            ("jobs.cancel", {"filter": "queue:row since:2h"}, 1, None),
            ("note.write", {}, 3600, "row"),
        )
    )
    wait_until(lambda: site.ask("GET", f"/v1/jobs/{command}").json["state"] == "completed")
    assert {row["id"]: row["state"] for row in _listed(site, "queue:row")} == {old: "cancelled", new: "scheduled"}
