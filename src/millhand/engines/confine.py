"""What Linux lets a process give up for good: the network, most of the file system, life after its parent.

For processes that open documents from strangers. Standard library only, because the small programs import it.
Each function says whether the kernel took the restriction; nothing here raises for a kernel that doesn't know it.
Sources: prctl(2), unshare(2), landlock(7).
"""

import ctypes
import os
import resource
import signal
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

# The same three numbers on every architecture.
_SYS_LANDLOCK_CREATE_RULESET = 444
_SYS_LANDLOCK_ADD_RULE = 445
_SYS_LANDLOCK_RESTRICT_SELF = 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1

_FILE_RIGHTS = 0b111 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl: all that a rule on a file may grant
_READ_RIGHTS = 0b1101  # execute, read a file, list a folder
_SOCKET_RIGHTS = 1 << 5 | 1 << 9  # remove a file, make a socket
_RIGHTS_BY_ABI = ((1, 0x1FFF), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15))
_TCP_ABI = 4
_TCP_RIGHTS = 0b11  # bind, connect


def _load() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True)


_libc = _load() if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that none of them escapes."""
    if _libc is not None:
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def leave_network() -> bool:
    """Move to an empty network namespace: no address can be reached. False if the system does not allow it.

    Call it while the process has one thread; without privileges it needs a user namespace, which has that condition.
    """
    if _libc is None:
        return False
    if _libc.unshare(_CLONE_NEWNET) == 0:
        return True
    user, group = os.getuid(), os.getgid()
    if _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    # Keep the same ids inside, so that files are owned as before.
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")
    return True


def restrict_files(readable: Iterable[Path], writable: Iterable[Path], sockets: Iterable[Path] = ()) -> bool:
    """Deny every file outside these folders, and TCP where the kernel can. False if the kernel has no Landlock.

    In the folders `sockets` a socket may be made and removed, and nothing else.
    """
    if _libc is None:
        return False
    version = _libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    if version < 1:
        return False
    rights = sum(bits for since, bits in _RIGHTS_BY_ABI if version >= since)
    attributes = struct.pack("=QQ", rights, _TCP_RIGHTS) if version >= _TCP_ABI else struct.pack("=Q", rights)
    ruleset = _libc.syscall(_SYS_LANDLOCK_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        return False
    try:
        grants = ((readable, rights & _READ_RIGHTS), (writable, rights), (sockets, rights & _SOCKET_RIGHTS))
        for paths, granted in grants:
            for path in paths:
                _allow(ruleset, path, granted)
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        return _libc.syscall(_SYS_LANDLOCK_RESTRICT_SELF, ruleset, 0) == 0
    finally:
        os.close(ruleset)


def limit_self(*, output_bytes: int, processor_seconds: int) -> None:
    """Let the kernel end this process over a larger file or more processor time; never dump its memory."""
    _lower(resource.RLIMIT_FSIZE, output_bytes)
    _lower(resource.RLIMIT_CPU, processor_seconds)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (allowed, hard))


def _allow(ruleset: int, path: Path, rights: int) -> None:
    assert _libc is not None  # noqa: S101 - for the type checker: only called after the same test
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what does not exist needs no permission
    try:
        granted = rights if path.is_dir() else rights & _FILE_RIGHTS
        rule = struct.pack("=Qi", granted, place)
        _libc.syscall(_SYS_LANDLOCK_ADD_RULE, ruleset, _LANDLOCK_RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(place)


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="ascii")
    except OSError:
        return  # the namespace works without the mapping; files then show as owned by nobody
