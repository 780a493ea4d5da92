"""The tools of these tests: every release makes its tables, and its client can be called from here."""

import pytest

from millhand.testing.postgres import PostgresServer
from tests.interop.pgboss import VERSIONS, node_boss, prepare


@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_of_each_release_sends_and_works(postgres: PostgresServer, version: str) -> None:
    with node_boss(prepare(postgres, version), version) as boss:
        boss.call("createQueue", "errand")
        boss.call("work", "errand", {"pollingIntervalSeconds": 0.5})
        job_id = boss.call("send", "errand", {"node": {"result": {"answer": 42}}})
        boss.wait_for_job(job_id)
        boss.call("stop", {"graceful": True, "wait": True})
