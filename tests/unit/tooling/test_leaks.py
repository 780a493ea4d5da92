"""The leak check itself: it must see what it is there for, and nothing else."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[3]

LEAKING = """
    import asyncio, subprocess, threading
    left = []

    def test_process():
        left.append(subprocess.Popen(["sleep", "60"]))

    def test_orphan():
        subprocess.run("setsid sleep 60 & :", shell=True, check=True)

    def test_thread():
        threading.Thread(target=threading.Event().wait, args=(60,), daemon=True).start()

    async def test_task():
        left.append(asyncio.create_task(asyncio.sleep(60)))
"""

CLEAN = """
    import asyncio, multiprocessing, pytest, subprocess, threading

    @pytest.fixture(scope="module")
    def server():
        with subprocess.Popen(["sleep", "60"]) as process:
            yield process
            process.kill()

    def test_fixture_of_wider_scope(server):
        assert server.poll() is None

    def test_ended_process():
        subprocess.run(["true"], check=True)

    def test_spawned_child():
        child = multiprocessing.get_context("spawn").Process(target=print)
        child.start()
        child.join()

    async def test_awaited_work_in_threads():
        await asyncio.gather(asyncio.to_thread(threading.get_ident), asyncio.create_task(asyncio.sleep(0)))
"""


NEEDY = """
    import pytest

    @pytest.mark.needs("no-such-program")
    def test_needs_a_program():
        pass
"""


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, source: str) -> pytest.RunResult:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(source)
    pytester.makeini("[pytest]\nasyncio_mode = auto\nmarkers =\n    needs\n    leaves\n")
    pytester.makeconftest("from tests import leaks\nleaks.GRACE = 0.3\n")
    return pytester.runpytest_subprocess("-p", "pytest_asyncio.plugin", "-p", "tests.conftest")


def test_what_is_left_behind_fails_the_test(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(pytester, monkeypatch, LEAKING)

    result.assert_outcomes(passed=4, errors=4)
    for what in ("process * (sleep 60)", "thread", "task"):
        result.stdout.fnmatch_lines([f"left behind: {what}*"])


def test_what_ends_is_no_leak(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(pytester, monkeypatch, CLEAN)

    result.assert_outcomes(passed=4)


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "errors")])
def test_a_missing_program_skips_at_home_and_fails_in_ci(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: str
) -> None:
    monkeypatch.setenv("CI", ci)

    result = run(pytester, monkeypatch, NEEDY)

    assert result.parseoutcomes()[outcome] == 1
