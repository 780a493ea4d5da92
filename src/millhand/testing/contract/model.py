"""A broker in a few lines of memory, as slow and obvious as possible: the judge of the real ones."""

from dataclasses import dataclass, field

from millhand.core.ports import CancelResult
from millhand.core.state import FINAL, LIVE, WAITING, State

MAX_CRASHES = 3


@dataclass
class ModelJob:
    """What the model knows of a job; times are seconds of its own."""

    id: str
    priority: int
    ready_at: float
    key: str | None
    state: State = State.AVAILABLE
    failures: int = 0
    crashes: int = 0
    fence: int = 0
    lease_until: float = 0.0
    cancel_asked: bool = False
    settled: dict[int, State] = field(default_factory=dict[int, State])


class ModelBroker:
    """One queue, one tenant: jobs in the order in which they were sent."""

    def __init__(self, lease: float) -> None:
        self.now = 0.0
        self.jobs: dict[str, ModelJob] = {}
        self.paused = False
        self._lease = lease

    def send(self, job_id: str, priority: int, delay: float, key: str | None) -> str:
        """Returns the id of the job that holds the key."""
        holder = self._holder(key)
        if holder is not None:
            return holder.id
        state = State.SCHEDULED if delay else State.AVAILABLE
        self.jobs[job_id] = ModelJob(job_id, priority, self.now + delay, key, state)
        return job_id

    def receive(self, limit: int) -> list[tuple[str, int, int]]:
        """Id, failures and crashes of each job."""
        if self.paused:
            return []
        for job in self.jobs.values():
            if job.state in WAITING and job.ready_at <= self.now:
                job.state = State.AVAILABLE
        ready = [job for job in self.jobs.values() if job.state is State.AVAILABLE]
        chosen = sorted(ready, key=lambda job: -job.priority)[:limit]
        for job in chosen:
            job.state, job.lease_until = State.RUNNING, self.now + self._lease
            job.fence += 1
        return [(job.id, job.failures, job.crashes) for job in chosen]

    def settle(self, job_id: str, claim: int, state: State, delay: float) -> bool:
        """`claim` says the how-manieth delivery of the job this is."""
        job = self.jobs[job_id]
        if not self._holds(job, claim):
            return job.settled.get(claim) is state
        job.settled[claim] = state
        cancelled = job.cancel_asked and state in WAITING
        job.state = State.CANCELLED if cancelled else state
        job.ready_at = self.now + delay
        job.failures += state in {State.RETRYABLE, State.DISCARDED}
        return True

    def extend(self, job_id: str, claim: int) -> bool:
        """Whether the lease was still held."""
        job = self.jobs[job_id]
        held = self._holds(job, claim)
        if held:
            job.lease_until = self.now + self._lease
        return held

    def cancel(self, job_id: str) -> CancelResult:
        """As the port's."""
        job = self.jobs[job_id]
        if job.state in FINAL:
            return CancelResult.TOO_LATE
        job.cancel_asked = True
        if job.state is State.RUNNING:
            return CancelResult.REQUESTED
        job.state = State.CANCELLED
        return CancelResult.CANCELLED

    def retry(self, job_id: str) -> bool:
        """Whether it applied."""
        job = self.jobs[job_id]
        holder = self._holder(job.key)
        if job.state in {State.RUNNING, State.AVAILABLE} or (job.state in FINAL and holder is not None):
            return False
        job.state, job.ready_at, job.failures, job.crashes, job.cancel_asked = State.AVAILABLE, self.now, 0, 0, False
        return True

    def became_due(self, job_id: str) -> bool:
        """Whether its time has come but nobody has looked since: brokers differ in what they call it then."""
        job = self.jobs[job_id]
        return job.state in WAITING - {State.AVAILABLE} and job.ready_at <= self.now

    def rescue(self) -> None:
        """Offer again what nobody holds any more."""
        for job in self.jobs.values():
            if job.state is State.RUNNING and job.lease_until < self.now:
                job.crashes += 1
                job.ready_at = self.now
                job.state = self._after_crash(job)

    def _after_crash(self, job: ModelJob) -> State:
        if job.cancel_asked:
            return State.CANCELLED
        return State.DISCARDED if job.crashes >= MAX_CRASHES else State.AVAILABLE

    def _holds(self, job: ModelJob, claim: int) -> bool:
        return job.state is State.RUNNING and job.fence == claim

    def _holder(self, key: str | None) -> ModelJob | None:
        return next((job for job in self.jobs.values() if key and job.key == key and job.state in LIVE), None)
