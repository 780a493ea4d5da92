"""A program that takes on the system calls and rights of a worker's unit, and then works with an engine.

Run as `python -m tests.integration.deploy.confined ENGINE FOLDER`. What systemd does with the lines SystemCallFilter=
and NoNewPrivileges= is done here by libseccomp and prctl(2); sources: systemd.exec(5), seccomp_rule_add(3).
"""

import ctypes
import errno
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

from millhand.deploy.hardening import Engines, directives
from millhand.engines import programs
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.values import ChromiumSettings
from millhand.engines.soffice import Soffice, SofficeSettings

LIBRARY = "libseccomp.so.2"
_ALLOW = 0x7FFF0000  # SCMP_ACT_ALLOW
_ERRNO = 0x00050000  # SCMP_ACT_ERRNO(0)
_PR_SET_NO_NEW_PRIVS = 38


@cache
def members(group: str) -> frozenset[str]:
    """The system calls of one of systemd's groups."""
    command = ["systemd-analyze", "syscall-filter", "--no-pager", group]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    names = {line.strip() for line in lines} - {""}
    plain = frozenset(name for name in names if name[0] not in "@#")
    return plain.union(*(members(name) for name in names if name[0] == "@"))


def allowed(engines: Engines) -> frozenset[str]:
    """What the unit of a worker with these engines allows, as systemd reads its lines one after another."""
    calls = members("@default")
    for line in re.findall(r"^SystemCallFilter=(.*)$", directives(engines), re.MULTILINE):
        named = [members(word) if word[0] == "@" else frozenset({word}) for word in line.lstrip("~").split()]
        listed = frozenset[str]().union(*named)
        calls = calls - (listed - members("@default")) if line[0] == "~" else calls | listed
    return calls


def confine(calls: frozenset[str]) -> None:
    """Take all other system calls from this process for good, and from whatever it starts."""
    library = ctypes.CDLL(LIBRARY)
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(_ERRNO | errno.EPERM))
    for name in calls:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # others are those of other processors
            assert library.seccomp_rule_add(rules, _ALLOW, number, 0) == 0
    assert ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert library.seccomp_load(rules) == 0


def inner_walls() -> str:
    """What a document's process can give up here, as JSON."""
    probe = programs.command("millhand.engines.confine_probe")
    return subprocess.run(probe, capture_output=True, text=True, check=True).stdout


def main(engine: str, folder: Path) -> None:
    """Work with the engine, so confined; its own ways to lock up a document must be left to it."""
    before = inner_walls()
    confine(allowed(Engines(browser=engine == "browser")))
    assert inner_walls() == before
    if engine == "browser":
        browser = Chromium(ChromiumSettings())
        browser.warm_up()
        browser.close()
        return
    for fork_server in (True, False):
        office = Soffice(SofficeSettings(fork_server=fork_server), folder)
        health = office.check()
        office.close()
        assert health.healthy, health.detail
        assert not health.detail, health.detail


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
