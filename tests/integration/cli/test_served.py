"""Commands beside a running worker."""

from tests.integration.cli.conftest import Served


def test_waiting_writes_the_result_and_shows_the_log(served: Served) -> None:
    ended = served("enqueue", "sum.add", '{"a": 2, "b": 3}', "--wait", "--timeout", "30")
    assert ended.code == 0
    assert ended.out == '{"sum": 5}\n'
    assert "adding" in ended.err


def test_a_failed_job_is_told_with_its_hint(served: Served) -> None:
    ended = served("enqueue", "sum.fail", '{"reason": "nine is no number"}', "--wait", "--timeout", "30")
    assert ended.code == 1
    assert ended.out == ""
    assert "nine is no number" in ended.err
    assert "hint: Take another number." in ended.err


def test_a_job_is_shown_with_attempts_and_log(served: Served) -> None:
    job = served("enqueue", "sum.add", '{"a": 1}').out.strip()
    [ended] = served("jobs", "wait", job, "--json").objects
    assert ended["result"] == {"sum": 1}
    [shown] = served("jobs", "show", job, "--json").objects
    assert shown["row"]["state"] == "completed"
    assert [attempt["state"] for attempt in shown["attempts"]] == ["completed"]
    assert "Attempts:" in served("jobs", "show", job).out
    assert [line.split("\t")[2:] for line in served("jobs", "logs", job, "-f").lines] == [["info", "adding a=1"]]
    assert served("jobs", "logs", job, "--progress", "--json").objects[0]["name"] == "progress"


def test_a_running_job_is_cancelled(served: Served) -> None:
    job = served("enqueue", "sum.nap").out.strip()
    assert served("jobs", "cancel", job).code == 0
    ended = served("jobs", "wait", job, "--timeout", "20")
    assert ended.code == 1
    assert "cancelled" in ended.err
    assert served("jobs", "cancel", job).code == 1


def test_failures_are_grouped_and_run_again(served: Served) -> None:
    job = served("enqueue", "sum.fail", '{"reason": "a group of its own"}').out.strip()
    served("jobs", "wait", job)
    group = next(row for row in served("failures", "list").table if row["message"] == "a group of its own")
    assert group["kind"] == "sum.fail"
    assert "will run again" in served("failures", "retry", group["group"]).err
    assert served("jobs", "wait", job).code == 1
    assert served("failures", "retry", "nope").code == 3
    assert served("failures", "retry", group["group"], "--kind", "sum.nap").code == 3
    assert "will run again" in served("failures", "retry", group["group"], "--kind", "sum.fail").err


def test_a_paused_queue_delivers_nothing_until_resumed(served: Served) -> None:
    served("queues", "pause", "naps")
    job = served("enqueue", "sum.nap", '{"seconds": 0}').out.strip()
    assert served("jobs", "wait", job, "--timeout", "300ms").code == 5
    assert "is paused" in served("jobs", "show", job).out
    served("queues", "resume", "naps")
    assert served("jobs", "wait", job, "--timeout", "20").code == 0


def test_a_queue_may_be_prepared_but_a_mistyped_name_is_told(served: Served) -> None:
    assert "There is no queue nasp yet; there are: " in served("queues", "limit", "nasp", "--running", "1").err
    assert "There is no queue" not in served("queues", "limit", "nasp").err


def test_schedules_are_listed_run_and_switched(served: Served) -> None:
    [schedule] = served("schedules", "list").table
    assert (schedule["schedule"], schedule["state"]) == ("nightly-sum", "on")
    job = served("schedules", "run", "nightly-sum").out.strip()
    assert served("jobs", "wait", job, "--timeout", "20").out == '{"sum": 1}\n'
    served("schedules", "disable", "nightly-sum")
    assert served("schedules", "list").table[0]["state"] == "off"
    served("schedules", "enable", "nightly-sum")
    assert served("schedules", "list").table[0]["state"] == "on"


def test_top_shows_the_worker(served: Served) -> None:
    [figures] = served("top", "--once", "--json").objects
    assert figures["overview"]["workers"] == 1
    assert "running job" in served("top").out


def test_health_asks_the_worker(served: Served) -> None:
    assert served("health", "--url", served.url).out == "ok\n"
    assert served("health", "--ready", "--url", served.url).out == "ready\n"
    assert served("health", "--url", "http://127.0.0.1:9").code == 1


def test_doctor_finds_the_worker_well(served: Served) -> None:
    found = {one["id"]: one["level"] for one in served("doctor", "--json").objects}
    assert found["fleet.workers"] == "ok"
    assert found["broker.round_trip"] == "ok"
    assert "error" not in found.values()
