"""The loop inside a Windows service: it works the same anywhere, so here it keeps real processes."""

import signal
import sys
import threading
from pathlib import Path
from subprocess import Popen

import pytest

from millhand.core.errors import UsageError
from millhand.deploy.keeper import Keeper, Kept
from millhand.deploy.windows_order import ServiceOrder, require_windows_services
from tests.support import wait_until

NOTE = "import pathlib, sys; file = pathlib.Path('runs'); file.write_text(file.read_text() + 'x'); "
OBEDIENT = "import signal, sys, time; signal.signal(signal.SIGINT, lambda *_: sys.exit(0)); "


def kept(folder: Path, program: str, stop_seconds: float = 10.0) -> Kept:
    (folder / "runs").write_text("")
    return Kept(
        command=[sys.executable, "-c", NOTE + program],
        folder=folder,
        interrupt=interrupt,
        stop_seconds=stop_seconds,
        log=folder / "logs" / "worker.log",
        restart_seconds=0.01,
    )


def interrupt(child: Popen[bytes]) -> None:
    child.send_signal(signal.SIGINT)


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text())


def kept_until(folder: Path, order: Kept, enough: int) -> list[int]:
    keeper, codes = Keeper(order), []
    thread = threading.Thread(target=lambda: codes.append(keeper.run()))
    thread.start()
    try:
        wait_until(lambda: runs(folder) >= enough, what="that many starts")
    finally:
        keeper.stop()
        thread.join(20)
    return codes


def test_what_ends_by_itself_is_started_again(tmp_path: Path) -> None:
    assert kept_until(tmp_path, kept(tmp_path, "sys.exit(7)"), 3) == [7]


def test_a_stop_lets_it_end_in_order(tmp_path: Path) -> None:
    program = OBEDIENT + "pathlib.Path('runs').write_text('xx'); time.sleep(60)"
    assert kept_until(tmp_path, kept(tmp_path, program), 2) == [0]


def test_what_does_not_listen_is_killed_after_its_time(tmp_path: Path) -> None:
    program = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    program += "pathlib.Path('runs').write_text('xx'); time.sleep(60)"
    assert kept_until(tmp_path, kept(tmp_path, program, stop_seconds=0.3), 2) == [0]


def test_a_wrong_configuration_is_not_tried_again(tmp_path: Path) -> None:
    assert Keeper(kept(tmp_path, "sys.exit(2)")).run() == 2
    assert runs(tmp_path) == 1


def test_what_it_says_is_kept_and_a_large_log_gives_way(tmp_path: Path) -> None:
    order = kept(tmp_path, "print('one line'); sys.exit(2)")
    Keeper(order).run()
    Keeper(order).run()
    assert order.log.read_text().split() == ["one", "line"] * 2

    with order.log.open("wb") as grown:
        grown.truncate(30_000_000)
    Keeper(order).run()
    assert order.log.read_text().split() == ["one", "line"]
    assert order.log.with_name("worker.old.log").stat().st_size == 30_000_000


def test_an_order_survives_the_registry() -> None:
    order = ServiceOrder(
        command=["C:\\Program Files\\py.exe", "-m", "millhand"], folder="C:\\ümlaut", stop_seconds=35.5
    )
    assert ServiceOrder.of(order.text()) == order


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has such services")
def test_elsewhere_windows_services_are_refused_in_words() -> None:
    with pytest.raises(UsageError, match="for Windows"):
        require_windows_services()
