"""What is asked of a site: every page and every list, with varied filters, and pages far from the first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from urllib.parse import quote_plus

from bench.web.client import Client
from bench.web.history import named

_FILTERS = {
    "newest": ("", "state:completed", "kind:document.convert", "queue:mail", "since:2h"),
    "states": ("state:discarded", "state:available", "state:retryable", "state:running", "state:cancelled,scheduled"),
    "fields": ("tenant:tenant-7", "kind:video.*", "queue:reports state:completed", "until:3d kind:mail.send"),
    "rare": ("tenant:tenant-198", "state:completed tenant:tenant-197", "key:order-77", "kind:nothing", "parent:{id}"),
    "text": ("error:wider", "error:nothing-like-it", "code_7 state:discarded"),
}
_ABOUT = ("completed", "discarded", "available", "running")


@dataclass(frozen=True, slots=True)
class Address:
    """A page or an operation, and the paths by which it is asked."""

    name: str
    paths: Sequence[str]

    def some(self, count: int) -> Sequence[str]:
        """So many paths; they repeat where there are fewer."""
        return list(islice(cycle(self.paths), count))


def addresses(client: Client, jobs: int) -> Sequence[Address]:
    """Everything that is measured; a few jobs are looked for first."""
    about = {state: _ids(client, f"state:{state}") for state in _ABOUT}
    chatty = [named((number + 1) * max(1, jobs // 100)) for number in range(20)]
    group = _listed(client, "/v1/failures")[0]
    filters = {name: _fitted(some, jobs) for name, some in _FILTERS.items()}
    filters["group"] = [f"kind:{group['kind']} fingerprint:{group['fingerprint']}"]
    middle = [jobs * part // 20 for part in range(1, 20)]
    return [
        Address("/", ["/"]),
        *(
            Address(f"/jobs: {name}", [f"/jobs?q={quote_plus(words)}" for words in some])
            for name, some in filters.items()
        ),
        Address("/jobs: later pages", _paged("/jobs?q=", "before", filters["newest"] + filters["fields"], middle)),
        *(Address(f"/jobs/ID: {state}", [f"/jobs/{job_id}" for job_id in ids]) for state, ids in about.items()),
        Address("/jobs/ID: 3,000 lines", [f"/jobs/{job_id}" for job_id in chatty]),
        *(Address(path, [path]) for path in _PAGES),
        Address("/jobs/all/retry", _asked("/jobs/all/retry?q=", filters["states"] + filters["fields"])),
        Address("/artefacts", ["/artefacts", *(f"/artefacts?before={number // 2}" for number in middle)]),
        Address("/new/KIND", ["/new/bench.noop", f"/new/bench.noop?job={about['completed'][0]}"]),
        *(Address(f"/v1/jobs: {name}", _asked("/v1/jobs?filter=", some)) for name, some in filters.items()),
        Address("/v1/jobs: later pages", _paged("/v1/jobs?filter=", "cursor", filters["newest"], middle)),
        Address("/v1/jobs: 500", ["/v1/jobs?limit=500", *_paged("/v1/jobs?limit=500&filter=", "cursor", [""], middle)]),
        Address("/v1/jobs/ID", [f"/v1/jobs/{job_id}" for ids in about.values() for job_id in ids[:5]]),
        *(
            Address(f"/v1/jobs/ID/{part}", [f"/v1/jobs/{job_id}/{part}" for job_id in about["completed"] + chatty])
            for part in ("attempts", "events", "artefacts")
        ),
        Address("/v1/jobs/ID/logs", [f"/v1/jobs/{job_id}/logs" for job_id in about["completed"]]),
        *(Address(path, [path]) for path in _LISTS),
        Address("/v1/audit: later pages", [f"/v1/audit?cursor={number}" for number in range(1_000, 20_000, 1_000)]),
    ]


_PAGES = ("/failures", "/queues", "/workers", "/schedules", "/system", "/new")
_LISTS = (
    "/v1/queues",
    "/v1/queues/mail",
    "/v1/kinds",
    "/v1/schedules",
    "/v1/workers",
    "/v1/failures",
    "/v1/audit",
    "/status",
)


def _asked(path: str, filters: Sequence[str]) -> list[str]:
    return [f"{path}{quote_plus(words)}" for words in filters]


def _fitted(filters: Sequence[str], jobs: int) -> list[str]:
    return [words.format(id=named(jobs // 2 // 20 * 20)) for words in filters]


def _paged(path: str, cursor: str, filters: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """Different filters from different places on."""
    return [
        f"{path}{quote_plus(words)}&{cursor}={number}" for words, number in zip(cycle(filters), numbers, strict=False)
    ]


def _ids(client: Client, words: str) -> list[str]:
    return [job["id"] for job in _listed(client, f"/v1/jobs?limit=20&filter={quote_plus(words)}")]


def _listed(client: Client, path: str) -> list[dict[str, str]]:
    return json.loads(client.get(path).body)["items"]
