"""One executor as the dispatcher sees it: its process, the jobs it was given in order, and how quick they are."""

from dataclasses import dataclass

from millhand.core.clock import Clock
from millhand.engines.meter import TreeMeter
from millhand.worker.executor_process import ExecutorProcess
from millhand.worker.holdings import Holding
from millhand.worker.messages import Ended, Exit, Recall, Rules, Run, Started, Stop

_AHEAD_SECONDS = 0.02
_MOST_AHEAD = 1_000
_MEMORY_OF_MEAN = 0.8


@dataclass(frozen=True, slots=True)
class Kill:
    """Why an executor was killed, and the job that was the reason, if one was."""

    reason: str
    text: str
    culprit: Holding | None = None


class Executor:
    """Keeps the books of one executor process."""

    def __init__(self, name: str, process: ExecutorProcess, slots: int, clock: Clock) -> None:
        self.name = name
        self.process = process
        self.slots = slots
        self.meter = TreeMeter(process.pid)
        self.started = self.last_sign = clock.monotonic()
        self.rules: dict[str, Rules] | None = None
        self.given: dict[int, Holding] = {}
        self.done = 0
        self.retiring = False
        self.killed: Kill | None = None
        self._clock = clock
        self._unsent: list[Holding] = []
        self._mean: float | None = None
        self._slow = False
        self._recalled = False

    @property
    def ready(self) -> bool:
        """Whether it may be given jobs."""
        return self.rules is not None and not self.retiring and self.killed is None

    @property
    def room(self) -> int:
        """How many more jobs it may be given: its free slots, and some ahead if its jobs are quick.

        Jobs given ahead spare a round trip each; they are bounded to a few milliseconds of work, and taken back when
        one turns out to be slow.
        """
        if not self.ready:
            return 0
        known = self._mean is not None and not self._slow
        ahead = min(_MOST_AHEAD, int(_AHEAD_SECONDS / max(self._mean or 0.0, 1e-6))) if known else 0
        return max(0, self.slots + ahead - len(self.given))

    @property
    def running(self) -> list[Holding]:
        """The jobs whose handlers are under way, whether or not the executor got to say so."""
        return self._given_of(self.process.marks)

    @property
    def to_blame(self) -> list[Holding]:
        """The jobs that may have brought it down: those that ran when it ended, or else those that had just ended."""
        marks = self.process.marks
        return self._given_of(marks) or self._given_of([-mark for mark in marks])

    def give(self, holdings: list[Holding]) -> None:
        """Note that these jobs are its own from now on; `send_given` sends them."""
        if not self.given:
            self.last_sign = self._clock.monotonic()
        for holding in holdings:
            holding.given_to(self.name)
            self.given[holding.ticket] = holding
        self._unsent += holdings

    def send_given(self) -> None:
        """Send what it was given, as one frame."""
        if self._unsent:
            unsent, self._unsent = self._unsent, []
            self.process.send(_run(holding) for holding in unsent)

    def started_one(self, message: Started) -> Holding | None:
        """Note that a handler was called; answers with the holding."""
        self.last_sign = self._clock.monotonic()
        holding = self.given.get(message.ticket)
        if holding is not None:
            holding.started_at = message.at
            holding.runs_at(self.last_sign)
        return holding

    def ended_one(self, message: Ended) -> Holding | None:
        """Note that a run ended; answers with its holding."""
        self.done += 1
        self.last_sign = self._clock.monotonic()
        mean = message.seconds if self._mean is None else self._mean
        self._mean = max(_MEMORY_OF_MEAN * mean + (1 - _MEMORY_OF_MEAN) * message.seconds, message.seconds / 2)
        self._slow = False
        return self.given.pop(message.ticket, None)

    def stop_one(self, holding: Holding, why: str) -> None:
        """Ask one job to stop; the first reason given stands."""
        if holding.stop_sent is None:
            holding.stop_sent = self._clock.monotonic()
            holding.stop_reason = why
            self.process.send([Stop(holding.ticket, why)])

    def recall(self) -> None:
        """Ask for the jobs that have not started, and take none ahead until a running one has ended."""
        self._slow = True
        if not self._recalled and len(self.given) > self.slots:
            self._recalled = True
            self.process.send([Recall()])

    def give_back(self, tickets: list[int]) -> list[Holding]:
        """Take back jobs that it says it has not started."""
        self._recalled = False
        self.last_sign = self._clock.monotonic()
        return [holding for ticket in tickets if (holding := self.given.pop(ticket, None)) is not None]

    def retire(self) -> None:
        """Give it no further jobs; it ends when its present ones have."""
        self.retiring = True
        self.recall()
        self.process.send([Exit()])

    def kill(self, kill: Kill) -> None:
        """Kill it with its process tree; the first reason stands."""
        if self.killed is None:
            self.killed = kill
        self.process.kill()

    def _given_of(self, marks: list[int]) -> list[Holding]:
        return [self.given[mark] for mark in marks if mark in self.given]


def _run(holding: Holding) -> Run:
    delivery = holding.delivery
    return Run(
        holding.ticket,
        delivery.job_id,
        delivery.kind,
        delivery.args,
        delivery.attempt,
        delivery.queue,
        delivery.tenant,
        dict(delivery.headers),
        delivery.enqueued_at,
    )
