"""unoserver: a LibreOffice that stays, spoken to over XML-RPC. It does one document at a time, so there are several."""

import os
import queue
import socket
import subprocess
import time
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from xmlrpc.client import ServerProxy

from bench.documents.converters.converter import Converter, ConverterMissingError
from bench.documents.converters.engine import NAME
from bench.environment import site_packages
from bench.processes import running
from bench.results import Contender

# Only the distribution's Python has the binding to LibreOffice; unoserver itself is plain Python.
_PYTHON = "/usr/bin/python3"
_HOST = "127.0.0.1"
_PATIENCE = 60.0
_UPDATE_INDEX = True  # its default


class UnoConverter(Converter):
    """So many servers, each with its own LibreOffice; not isolated: documents share a process."""

    contender = Contender("unoserver", "warm LibreOffices that documents share, one for each at a time", NAME)

    def __init__(self, folder: Path, servers: int) -> None:
        self._folder = folder
        self._ports = [(_free_port(), _free_port()) for _ in range(servers)]
        self._free: queue.Queue[int] = queue.Queue()
        self._stack = ExitStack()

    def start(self) -> None:
        """Start the servers and wait until all answer."""
        environment = {**os.environ, "PYTHONPATH": str(site_packages())}
        if subprocess.run([_PYTHON, "-c", "import uno"], check=False, capture_output=True).returncode != 0:
            raise ConverterMissingError("no python3-uno")
        self._folder.mkdir(parents=True)
        self._stack.enter_context(running([self._command(*ports) for ports in self._ports], self._folder, environment))
        for port, _ in self._ports:
            _wait(port)
            self._free.put(port)

    def convert(self, source: Path, target: Path) -> None:
        """Convert one document on a server that is free."""
        port = self._free.get()
        try:
            with ServerProxy(f"http://{_HOST}:{port}", allow_none=True) as server:
                server.convert(str(source), None, str(target), None, None, [], _UPDATE_INDEX, None, None)
        finally:
            self._free.put(port)

    def close(self) -> None:
        """End the servers."""
        self._stack.close()

    def _command(self, port: int, uno_port: int) -> list[str]:
        profile = self._folder / f"profile-{port}"
        ports = ["--port", str(port), "--uno-port", str(uno_port)]
        return [_PYTHON, "-m", "unoserver.server", *ports, "--user-installation", str(profile)]


def _wait(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with ServerProxy(f"http://{_HOST}:{port}", allow_none=True) as server:
                server.info()
        except (OSError, HTTPException) as error:
            if time.monotonic() > deadline:
                raise ConverterMissingError("unoserver does not come up") from error
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return probe.getsockname()[1]
