"""Server-sent events: of one job to its end, and the names of what changes in the fleet."""

import json
from collections.abc import Iterator
from http.client import HTTPResponse
from typing import Any

from tests.integration.web.conftest import Served


def messages(response: HTTPResponse) -> Iterator[dict[str, Any]]:
    """The events of a stream, as they come; comments are left out."""
    found: dict[str, Any] = {}
    for line in response:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name in ("id", "event"):
            found[name] = value
        elif name == "data":
            yield {**found, "data": json.loads(value)}
            found = {}


def test_a_job_is_followed_to_its_end(site: Served) -> None:
    job = site.ask("POST", "/v1/jobs", {"kind": "note.nap", "args": {"seconds": 0.5}}).json
    with site.asking("GET", f"{job['url']}/stream") as response:
        assert response.getheader("content-type", "").startswith("text/event-stream")
        told = list(messages(response))
    assert [one["data"]["text"] for one in told if one["event"] == "log"] == ["sleeping"]
    states = [one["data"]["state"] for one in told if one["event"] == "state"]
    assert (states[-1], told[-1]) == ("completed", {"event": "end", "data": {"state": "completed"}})
    assert len(states) >= 2


def test_who_comes_back_misses_nothing_and_hears_nothing_twice(site: Served) -> None:
    job = site.send("note.nap", {"seconds": 0})
    with site.asking("GET", f"{job['url']}/stream") as response:
        [logged] = [one for one in messages(response) if one["event"] == "log"]
    with site.asking("GET", f"{job['url']}/stream", Last_Event_ID=logged["id"]) as response:
        assert [one["event"] for one in messages(response)] == ["state", "end"]


def test_the_log_is_followed_as_text(site: Served) -> None:
    job = site.ask("POST", "/v1/jobs", {"kind": "note.nap", "args": {"seconds": 0.3}}).json
    text = site.ask("GET", f"{job['url']}/logs?follow=true").body.decode()
    assert [line.split("\t")[3] for line in text.splitlines()] == ["sleeping"]
    assert site.ask("GET", job["url"]).json["state"] == "completed"


def test_the_fleet_tells_names_of_what_changed_to_all_who_watch(site: Served) -> None:
    with site.asking("GET", "/v1/stream") as one, site.asking("GET", "/v1/stream") as other:
        first, second = messages(one), messages(other)
        assert next(first)["event"] == "changed"
        job = site.send("note.write")
        for told in (first, second):
            named = next(each for each in told if {f"job:{job['id']}", "all"} & set(each["data"]["names"]))
            assert {"jobs", "all"} & set(named["data"]["names"])


def test_the_fleet_goes_on_where_the_last_one_ended(site: Served) -> None:
    with site.asking("GET", "/v1/stream") as keeping:
        told = messages(keeping)
        assert next(told)["data"]["names"] == ["all"]

        def done() -> tuple[str, str]:
            job = f"job:{site.send('note.write')['id']}"
            return job, next(each["id"] for each in told if job in each["data"]["names"])

        (_, seen), (job, _) = done(), done()
        with site.asking("GET", "/v1/stream", Last_Event_ID=seen) as response:
            names = next(messages(response))["data"]["names"]
            assert (job in names, "all" in names) == (True, False)
        with site.asking("GET", "/v1/stream", Last_Event_ID="of-another-time-7") as response:
            assert next(messages(response))["data"]["names"] == ["all"]
