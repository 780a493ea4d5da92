"""The fork server: LibreOffice started once and warmed up, then forked for each document. Standard library only.

Run as its own process, with a socket as standard input. Each request comes with a socket of its own, on which the
server tells the child's process id and how it ended, and the child tells how the conversion went. When standard
input closes, its owner is gone: every child is killed and the server ends.

Only in LibreOfficeKit's unipoll mode is there a single thread, so that forking is safe; all of this therefore runs
inside the first call of its poll callback.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from millhand.engines import confine
from millhand.engines.soffice import lok

_REQUEST_BYTES = 1 << 20
_THREADS_END_SECONDS = 5.0
_LOOK_SECONDS = 0.01
# LibreOffice reports a crash, and Python ignores a file that grew too large: in a child each is to be a plain death.
_FATAL_SIGNALS = (
    signal.SIGSEGV,
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGILL,
    signal.SIGFPE,
    signal.SIGTERM,
    signal.SIGXFSZ,
)


@dataclass(frozen=True)
class _Child:
    pid: int
    descriptor: int  # a pidfd: readable when the child has ended
    answers: socket.socket


class ForkServer:
    """Forks a child per request and reports its end."""

    def __init__(self, office: lok.Office, settings: Mapping[str, Any]) -> None:
        self._office = office
        self._settings = settings
        self._control = socket.socket(fileno=0)
        self._children: dict[int, _Child] = {}
        self._waiting = select.poll()

    def main(self) -> NoReturn:
        """Warm up, say so, serve until the owner closes the control socket. Never returns."""
        status = 1
        try:
            self._warm_up()
            _tell(self._control, {"ready": True, "version": self._office.version()})
            self._serve()
            status = 0
        except BaseException as error:  # noqa: BLE001 - LibreOffice would call again for ever if anything escaped
            _tell(self._control, {"ready": False, "message": f"{type(error).__name__}: {error}"})
        finally:
            self._kill_children()
            os._exit(status)

    def _warm_up(self) -> None:
        """Convert a small document: what it loads and computes is then shared by all children."""
        source = Path(self._settings["warm_up"])
        target = source.with_suffix(".pdf")
        document = self._office.load(source, "Batch=true")
        document.save_as(target, "pdf", self._settings["warm_up_options"])
        # Children fork a fifth faster from a server that holds no open document.
        document.close()

    def _serve(self) -> None:
        self._waiting.register(self._control, select.POLLIN)
        while True:
            for descriptor, _ in self._waiting.poll():
                if descriptor != self._control.fileno():
                    self._report_end(self._children.pop(descriptor))
                elif not self._take_request():
                    return

    def _take_request(self) -> bool:
        text, descriptors, _, _ = socket.recv_fds(self._control, _REQUEST_BYTES, 1)
        if not text:
            return False
        answers = socket.socket(fileno=descriptors[0])
        _await_single_thread()
        pid = os.fork()
        if pid == 0:
            self._become_worker(json.loads(text), answers)
        child = _Child(pid, os.pidfd_open(pid), answers)
        self._children[child.descriptor] = child
        self._waiting.register(child.descriptor, select.POLLIN)
        _tell(answers, {"pid": pid})
        return True

    def _report_end(self, child: _Child) -> None:
        self._waiting.unregister(child.descriptor)
        os.close(child.descriptor)
        _, status, used = os.wait4(child.pid, 0)
        end = {
            "exit": os.waitstatus_to_exitcode(status),
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "peak_memory": used.ru_maxrss * 1024,
        }
        _tell(child.answers, end)
        child.answers.close()

    def _kill_children(self) -> None:
        for child in self._children.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)  # it may not have its own group yet
            os.waitpid(child.pid, 0)

    def _become_worker(self, request: Mapping[str, Any], answers: socket.socket) -> NoReturn:
        status = 1
        try:
            server = os.getppid()
            os.setsid()
            confine.die_with_parent()
            if os.getppid() == server:
                self._let_go()
                _settle_in(request, self._settings["readable"])
                _tell(answers, _convert(self._office, request))
                status = 0
        except BaseException as error:  # noqa: BLE001 - as in `main`: nothing may reach LibreOffice's loop
            _tell(answers, {"failed": "setup", "message": f"{type(error).__name__}: {error}"})
        finally:
            os._exit(status)

    def _let_go(self) -> None:
        """Close what belongs to the server, and take back the signals that it handles."""
        self._control.detach()
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        for other in self._children.values():
            other.answers.close()
            os.close(other.descriptor)
        for number in _FATAL_SIGNALS:
            signal.signal(number, signal.SIG_DFL)


def _await_single_thread() -> None:
    """Let LibreOffice's writer of settings end, if it has one: a fork would copy the locks that it holds."""
    deadline = time.monotonic() + _THREADS_END_SECONDS
    while len(list(Path("/proc/self/task").iterdir())) > 1:
        if time.monotonic() > deadline:
            raise RuntimeError("LibreOffice keeps threads running, so this process can't be forked safely")
        time.sleep(_LOOK_SECONDS)


def _settle_in(request: Mapping[str, Any], readable: list[str]) -> None:
    """Move into the document's own folder and give up everything else."""
    folder = Path(request["folder"])
    os.chdir(folder)
    for name in ("TMPDIR", "TMP", "TEMP", "HOME"):
        os.environ[name] = str(folder)
    said = os.open(folder / "said.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    confine.limit_self(output_bytes=request["output_bytes"], processor_seconds=request["processor_seconds"])
    writable = [folder, *map(Path, request["writable"])]
    confine.restrict_files([Path(path) for path in readable], writable)


def _convert(office: lok.Office, request: Mapping[str, Any]) -> dict[str, Any]:
    began = time.perf_counter()
    step = "load"
    try:
        if request["password"] is not None:
            office.answer_passwords(Path(request["source"]), request["password"])
        document = office.load(Path(request["source"]), request["load_options"])
        step = "unrecognised"
        _check_family(document.family(), request["family"])
        step = "change"
        for command in request["commands"]:
            document.run_command(command)
        step = "save"
        document.save_as(Path(request["target"]), "pdf", request["filter_options"])
    except lok.LokError as error:
        return {"failed": step, "message": str(error)}
    return {"done": True, "seconds": time.perf_counter() - began}


def _check_family(found: str, expected: str) -> None:
    """What LibreOffice can't make out it opens as plain text, and would print a table's source."""
    if expected and found != expected.removesuffix("_web"):
        raise lok.LokError(f"it was opened by {found or 'nothing known'}, not by {expected}")


def _tell(receiver: socket.socket, message: Mapping[str, Any]) -> None:
    """Send without waiting; a receiver that is gone needs no answer."""
    with contextlib.suppress(OSError):
        receiver.send(json.dumps(message).encode(), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL)


def main() -> int:
    """Start LibreOffice as the JSON object in the first argument says, and serve."""
    settings = json.loads(sys.argv[1])
    confine.die_with_parent()
    confine.leave_network()
    try:
        office = lok.Office(Path(settings["program"]), Path(settings["profile"]))
    except lok.LokError as error:
        _tell(socket.socket(fileno=0), {"ready": False, "message": str(error)})
        return 1
    office.run(ForkServer(office, settings).main)
    return 1
