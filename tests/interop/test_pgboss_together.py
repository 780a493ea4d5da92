"""Node workers and ours on one queue, killed again and again: every job is done, and each of its claims ends once."""

import random
import subprocess
import sys
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

import pytest

from millhand.testing.postgres import PostgresServer
from tests.interop.conftest import Application
from tests.interop.pgboss import NodeBoss, node_boss, prepare
from tests.support import wait_until

pytestmark = [
    pytest.mark.usefixtures("uncounted"),
    pytest.mark.leaves("the server still closes the connections of clients that were killed"),
]

_JOBS = 60
_KILLS = 3

# Everything that ever happens to a job. A client that takes a job back deletes the row and inserts it again.
_DIARY = """
CREATE TABLE pgboss.diary (
  seq bigserial, id uuid, was text, state text, retry_count int, started_on timestamptz, output jsonb
);
CREATE FUNCTION pgboss.note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO pgboss.diary (id, state, retry_count, started_on, output)
    VALUES (NEW.id, NEW.state, NEW.retry_count, NEW.started_on, NEW.output);
  ELSIF NEW.state <> OLD.state THEN
    INSERT INTO pgboss.diary (id, was, state, retry_count, started_on, output)
    VALUES (NEW.id, OLD.state, NEW.state, NEW.retry_count, NEW.started_on, NEW.output);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note AFTER INSERT OR UPDATE ON pgboss.job_common FOR EACH ROW EXECUTE FUNCTION pgboss.note();
"""


@contextmanager
def our_worker(application: Application, queue: str, name: str) -> Generator["subprocess.Popen[bytes]"]:
    """A process that works on the queue until it is killed."""
    process = subprocess.Popen([sys.executable, "-m", "tests.interop.working", application.broker_url, queue, name])
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _done(application: Application) -> int:
    [row] = application.sql("SELECT count(*) AS count FROM pgboss.job WHERE state = 'completed'")
    return row["count"]


def _both_are_at_it(application: Application) -> bool:
    rows = application.sql("SELECT DISTINCT output ? 'millhand' AS ours FROM pgboss.job WHERE state = 'active'")
    return {row["ours"] or False for row in rows} == {True, False}


@pytest.mark.parametrize("version", ["12.5.2", "12.38.0"])
def test_kills_lose_no_job_and_settle_none_twice(postgres: PostgresServer, version: str) -> None:
    """Of sixty jobs each is completed once, though workers of both kinds die in the middle of theirs."""
    url = prepare(postgres, version)
    chance = random.Random(version)  # noqa: S311 - the same jobs in every run
    pace = {"superviseIntervalSeconds": 1, "monitorIntervalSeconds": 1}
    with node_boss(url, version, supervise=True, **pace) as boss:
        application = Application(url, version, boss)
        queue = application.queue(retryLimit=1000, expireInSeconds=3)
        application.sql(_DIARY)
        jobs = [{"data": {"node": {"sleep": chance.choice([20, 300]), "result": {"by": "node"}}}} for _ in range(_JOBS)]
        boss.call("insert", queue, jobs)
        for kill in range(_KILLS):
            with our_worker(application, queue, f"ours-{kill}") as ours, _node_worker(url, version, queue) as theirs:
                wait_until(lambda: _both_are_at_it(application), within=60, what="both at work")
                ours.kill()
                theirs.program.kill()
        with our_worker(application, queue, "last"):
            wait_until(lambda: _done(application) == _JOBS, within=60, what="all jobs done")
        _check(application)


@contextmanager
def _node_worker(url: str, version: str, queue: str) -> Generator[NodeBoss]:
    """A Node process that works on the queue, and may be killed."""
    with node_boss(url, version) as boss:
        for _ in range(2):
            boss.call("work", queue, {"pollingIntervalSeconds": 0.5, "batchSize": 1})
        yield boss


def _check(application: Application) -> None:
    """By the diary: one success for each job, and one end at most for each claim."""
    diary = application.sql("SELECT * FROM pgboss.diary ORDER BY seq")
    successes = Counter(row["id"] for row in diary if row["state"] == "completed")
    assert len(successes) == _JOBS
    assert set(successes.values()) == {1}
    claims = {(row["id"], row["retry_count"], row["started_on"]) for row in diary if row["state"] == "active"}
    ends = Counter(
        (row["id"], row["retry_count"], row["started_on"]) for row in diary if row["state"] in {"completed", "retry"}
    )
    assert ends.keys() <= claims
    assert set(ends.values()) == {1}
    assert len(claims) > _JOBS, "some attempts were killed"
    workers = {row["output"]["by"] for row in diary if row["state"] == "completed"}
    assert {"node"} < workers, "both kinds of workers had a share"
