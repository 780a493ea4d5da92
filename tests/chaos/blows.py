"""What each fault does to the processes of a run. A fault counts as a hit only if its target was up and felt it."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import psutil

from tests.chaos.faults import Hit, Striker
from tests.chaos.fleet import Dispatcher, Place, Producer, name_of_executor
from tests.chaos.plan import Fault, Strike

_STOPS_WITHIN = 1.0

_Rest = Callable[[], Awaitable[None]]
_ToPlace = Callable[[Place, float], Awaitable[None]]
_ToExecutor = Callable[[psutil.Process, float], Awaitable[_Rest]]


class Blows:
    """Strikes at dispatchers, their executors and the producer. `killed_executors` are named by worker and executor."""

    def __init__(self, dispatchers: Sequence[Dispatcher], producer: Producer) -> None:
        self.killed_executors: set[str] = set()
        self._dispatchers = dispatchers
        self._producer = producer

    def strikers(self) -> Mapping[Fault, Striker]:
        """How each of these faults strikes."""
        return {
            Fault.KILL_EXECUTOR: partial(self._at_executor, self._kill),
            Fault.END_EXECUTOR: partial(self._at_executor, _end),
            Fault.FREEZE_EXECUTOR: partial(self._at_executor, _freeze),
            Fault.KILL_DISPATCHER: partial(self._at_dispatcher, killed),
            Fault.FREEZE_DISPATCHER: partial(self._at_dispatcher, frozen),
            Fault.DRAIN_DISPATCHER: partial(self._at_dispatcher, ended),
            Fault.ABORT_DISPATCHER: partial(self._at_dispatcher, _aborted),
            Fault.KILL_PRODUCER: self._at_producer,
        }

    async def _at_producer(self, _: Strike) -> Hit | None:
        return Hit("killed", _nothing) if self._producer.kill() else None

    async def _at_dispatcher(self, do: _ToPlace, strike: Strike) -> Hit | None:
        target = self._free_dispatcher(strike)
        return None if target is None else strike_place(do, target, strike)

    async def _at_executor(self, do: _ToExecutor, strike: Strike) -> Hit | None:
        dispatcher = self._free_dispatcher(strike)
        executors = dispatcher.executors() if dispatcher is not None else []
        if not executors:
            return None
        with contextlib.suppress(psutil.Error):
            executor = executors[strike.executor % len(executors)]
            text = f"{name_of_executor(executor)}, process {executor.pid}, {strike.seconds} s"
            return Hit(text, await do(executor, strike.seconds))
        return None

    def _free_dispatcher(self, strike: Strike) -> Dispatcher | None:
        """One that takes jobs and has no other fault at work on it, preferably the one chosen."""
        chosen = [self._dispatchers[strike.dispatcher], *self._dispatchers]
        return next((one for one in chosen if not one.busy and one.ready), None)

    async def _kill(self, executor: psutil.Process, _: float) -> _Rest:
        self.killed_executors.add(name_of_executor(executor))
        executor.kill()
        return _nothing


def strike_place(do: _ToPlace, target: Place, strike: Strike) -> Hit:
    """Have a fault at work on a place until a process is up there again."""
    target.busy = True

    async def rest() -> None:
        await do(target, strike.seconds)
        target.busy = False

    return Hit(f"{target.name}, process {target.pid}, {strike.seconds} s", rest)


async def _end(executor: psutil.Process, _: float) -> _Rest:
    executor.terminate()
    return _nothing


async def _freeze(executor: psutil.Process, seconds: float) -> _Rest:
    """Raises `psutil.NoSuchProcess` if it ended before it stood still."""
    executor.suspend()
    deadline = time.monotonic() + _STOPS_WITHIN
    while executor.status() != psutil.STATUS_STOPPED:
        if executor.status() == psutil.STATUS_ZOMBIE or time.monotonic() > deadline:
            raise psutil.NoSuchProcess(executor.pid)
        await asyncio.sleep(0.01)

    async def thaw() -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(psutil.NoSuchProcess):  # killed for good meanwhile
            executor.resume()

    return thaw


async def killed(place: Place, seconds: float) -> None:
    """Kill its process; the next one starts that many seconds later."""
    await place.fell(signal.SIGKILL, seconds)


async def frozen(place: Place, seconds: float) -> None:
    """Let its process stand still for a while."""
    place.tell(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    place.tell(signal.SIGCONT)


async def ended(place: Place, _: float) -> None:
    """Let its process end in good order; the next one starts at once."""
    await place.fell(signal.SIGTERM, 0.0)


async def _aborted(place: Place, seconds: float) -> None:
    first = place.pid
    felled = asyncio.create_task(place.fell(signal.SIGTERM, 0.0))
    await asyncio.sleep(seconds)
    if place.pid == first:
        place.tell(signal.SIGTERM)
    await felled


async def _nothing() -> None:
    pass
