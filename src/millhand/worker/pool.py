"""The executors of a dispatcher: who is given which job, and what happens to the jobs of one that dies."""

from collections import deque
from collections.abc import Callable, Iterable

import structlog

from millhand.core.clock import Clock
from millhand.core.failure import failure
from millhand.core.outcome import Cancelled, Crashed, Outcome, Released, Retry
from millhand.core.settlement import Run
from millhand.worker.executor_handle import Executor, Kill
from millhand.worker.holdings import Holding
from millhand.worker.messages import Ended, Failed, Hello, Leaving, Message, Recalled, Rules, Said, Started
from millhand.worker.observers import Observers
from millhand.worker.reporter import Reporter
from millhand.worker.settler import Settler

_WAITS_FOR = 1.0
"""Seconds for which a job may wait in a worker; jobs that are quick enough to be fetched ahead never wait so long."""


class Pool:
    """Divides holdings among executors, and turns what they say into settlements and events."""

    def __init__(
        self,
        settler: Settler,
        reporter: Reporter,
        clock: Clock,
        changed: Callable[[], None],
        observers: Observers | None = None,
    ) -> None:
        self.executors: dict[str, Executor] = {}
        self.rules: dict[str, Rules] = {}
        """What is known of the kinds, from the executor that came up last."""
        self.start_failure: Failed | None = None
        self.closed = False
        self._settler = settler
        self._reporter = reporter
        self._clock = clock
        self._changed = changed
        self._observers = observers or Observers()
        self._waiting: deque[Holding] = deque()
        self._log = structlog.get_logger("millhand.worker")

    @property
    def room(self) -> int:
        """How many more jobs to fetch now.

        While all slots are busy, room counts only once a quarter of the whole is free: fetching a few quick jobs at a
        time would cost a transaction for each.
        """
        rooms = [executor.room for executor in self.executors.values()]
        room = sum(rooms) - len(self._waiting)
        capacity = sum(executor.room + len(executor.given) for executor in self.executors.values() if executor.ready)
        idle = any(one.ready and len(one.given) < one.slots for one in self.executors.values())
        return room if idle or room * 4 >= capacity else 0

    def assign(self, holdings: Iterable[Holding]) -> None:
        """Give jobs to executors, the emptiest first; what finds no room waits here."""
        self._waiting.extend(holdings)
        while self._waiting and not self.closed:
            ready = [executor for executor in self.executors.values() if executor.room > 0]
            if not ready:
                break
            target = min(ready, key=lambda executor: len(executor.given))
            idle = len(target.given) < target.slots
            share = target.slots - len(target.given) if idle else -(-len(self._waiting) // len(ready))
            count = min(target.room, share, len(self._waiting))
            taken = [self._waiting.popleft() for _ in range(count)]
            target.give([holding for holding in taken if not holding.lost])
        for executor in self.executors.values():
            executor.send_given()

    def take_waiting(self) -> list[Holding]:
        """Take out the jobs that no executor has been given."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def hand_back(self) -> None:
        """Release what has found no executor for a while: another worker may have one that is free."""
        moment = self._clock.monotonic() - _WAITS_FOR
        for holding in [each for each in self._waiting if each.held_since < moment]:
            self._waiting.remove(holding)
            self._settler.release(holding, Released("no executor of its worker was free"))

    def hear(self, executor: Executor, messages: Iterable[Message]) -> None:
        """Take in what an executor says."""
        done = executor.done
        for message in messages:
            self._hear(executor, message)
        if executor.done > done:
            self.assign(())
            self._changed()

    def _hear(self, executor: Executor, message: Message) -> None:
        match message:
            case Ended():
                self._ended(executor, message)
            case Started():
                holding = executor.started_one(message)
                if holding is not None:
                    self._observers.began(holding.delivery, message.at)
            case Said():
                holding = executor.given.get(message.ticket)
                if holding is not None and not holding.lost:
                    self._reporter.put(message.event)
            case Recalled():
                self.assign(executor.give_back(message.tickets))
            case Hello() | Failed() | Leaving():
                self._hear_of_life(executor, message)
            case _:
                self._log.warning("an executor said what only a dispatcher says", message=type(message).__name__)

    def gone(self, executor: Executor, how: str) -> None:
        """An executor has ended: settle what it ran, and give what it had not started to others."""
        self.executors.pop(executor.name, None)
        running = executor.to_blame
        for holding in running:
            outcome = _outcome_of_death(executor, holding, how)
            run = Run(started_at=holding.started_at, finished_at=self._clock.now(), executor=executor.name)
            self._settler.put(holding, outcome, run)
        self.assign(holding for holding in executor.given.values() if holding not in running)
        executor.given.clear()
        self._changed()

    def _hear_of_life(self, executor: Executor, message: Hello | Failed | Leaving) -> None:
        match message:
            case Hello():
                executor.rules = self.rules = message.kinds
                self.assign(())
            case Failed():
                self.start_failure = message
                return
            case Leaving():
                executor.retire()
        self._changed()

    def _ended(self, executor: Executor, message: Ended) -> None:
        holding = executor.ended_one(message)
        if holding is None:
            return
        if holding.started_at is None and message.started_at is not None:  # its start was too soon over to be told
            self._observers.began(holding.delivery, message.started_at)
        self._settler.put(holding, message.outcome, Run(message.started_at, message.finished_at, executor.name))


def _outcome_of_death(executor: Executor, holding: Holding, how: str) -> Outcome:
    kill = executor.killed
    if kill is None:
        hint = "If it happens again, look at the executor's last lines on standard error, and at the machine's memory."
        return Crashed(failure("executor_died", f"the executor {how} while it ran this job", hint))
    if kill.culprit is None:
        return _outcome_for_all(kill)
    return _outcome_for_culprit(kill) if kill.culprit is holding else Released(f"shared an executor: {kill.text}")


def _outcome_for_all(kill: Kill) -> Outcome:
    if kill.reason == "memory_limit":
        hint = "Give the kind a higher memory limit, or make the job smaller."
        return Crashed(failure("memory_limit", kill.text, hint))
    return Released(kill.text)


def _outcome_for_culprit(kill: Kill) -> Outcome:
    if kill.reason == "hard_limit":
        hint = "Give the kind a longer hard limit, or make the job smaller."
        return Retry(failure("hard_limit", kill.text, hint))
    return Cancelled(kill.text) if kill.reason == "cancelled" else Released(kill.text)
