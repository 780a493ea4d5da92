"""The tie from an executor to its dispatcher: when the dispatcher ends, however it ends, so does the executor's family.

It is a pipe that carries nothing. The dispatcher holds its one end; when that closes, the kernel itself kills the
process group of the executor that holds the other: the executor, even while a handler holds the interpreter, and what
its handlers started. Only Linux can name the signal (F_SETSIG in fcntl(2)); elsewhere the executor sees its pipe close.
"""

import os
import select
import signal
import sys


def tie() -> tuple[int, int]:
    """Make a lifeline: the end for the executor, and the end that the dispatcher holds."""
    return os.pipe()


def hang_on(descriptor: int) -> None:
    """Live no longer than the other end; called by an executor, which must lead a process group of its own."""
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - the standard library takes it so
    if sys.platform != "linux":
        return
    import fcntl  # noqa: PLC0415 - not on every system

    fcntl.fcntl(descriptor, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)
    if _is_cut(descriptor):
        os.killpg(0, signal.SIGKILL)


def _is_cut(descriptor: int) -> bool:
    """Whether the dispatcher was gone before the kernel was told to look."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return bool(poll.poll(0))
