"""What is known of a run on a bucket: the writes that the networks saw pass, and what lies there in the end."""

import json
from collections import defaultdict
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from millhand.brokers.bucket.layout import NOTES, failed_key, job_key, noted_key, parse_job_key, reason_key
from millhand.brokers.bucket.note import Note
from millhand.core.state import State
from millhand.stores import Bucket
from millhand.testing.evidence import Breach, Evidence, HandlerRun, JobRow
from millhand.testing.history import Claim, Ending, Entry, Sending, read_history
from tests.chaos.bucket_files import KIND, Files, made_of, output_of
from tests.chaos.bucket_network import Exchange
from tests.chaos.bucket_story import Story, Version, tell
from tests.chaos.clock import skew_of
from tests.chaos.evidence import Gathered, handler_runs

_LIVE = ("jobs", "files", NOTES)


@dataclass(frozen=True, slots=True)
class BucketRecords:
    """The bucket at the server itself, what passed to it, and the files that were put there."""

    bucket: Bucket
    folder: str
    log: Sequence[Exchange]
    files: Files

    async def is_done(self) -> bool:
        """Whether no job is left, and no note."""
        await self.files.stop()
        return not [key async for key in self._keys(*_LIVE)]

    async def evidence(self, folder: Path) -> Gathered:
        """The jobs, their attempts as their notes tell them, and what is wrong with what lies in the bucket."""
        self._keep_log(folder)
        history = [_set_right(entry, skew_of(folder, entry.worker)) for entry in read_history(folder / "history")]
        runs = [_run_set_right(run, skew_of(folder, run.worker)) for run in handler_runs(folder)]
        sent = {job.id: job for job in self._jobs()}
        lives = self._lives()
        stories = {job_id: self._story(job_id, lives, history) for job_id in sent}
        jobs = [_with_end(job, stories[job.id]) for job in sent.values()]
        files = Sending("files", 0, tuple(self.files.put), tuple(self.files.put))
        evidence = Evidence(
            history=[*history, files],
            jobs=jobs,
            attempts=[row for story in stories.values() for row in story.attempts],
            runs=runs,
        )
        return Gathered(evidence, [breach async for breach in self._breaches(jobs)])

    def _keep_log(self, folder: Path) -> None:
        """For whoever looks into a breach."""
        lines = (json.dumps({**asdict(each), "answered": ""}, default=bytes.decode) for each in self.log)
        (folder / "exchanges.jsonl").write_text("".join(f"{line}\n" for line in lines))

    def _jobs(self) -> Iterator[JobRow]:
        """Everything that was ever stored as a job, whatever became of it."""
        for key in self.files.put:
            yield JobRow(id=key, state=State.AVAILABLE, kind=KIND, max_attempts=4, max_crashes=10)
        for each in self._log("jobs"):
            own = parse_job_key(each.key.removeprefix(f"{self.folder}/"))
            if own is not None and each.method == "PUT" and each.status in {0, 200}:
                told: dict[str, Any] = json.loads(each.body)
                yield JobRow(
                    id=own[1],
                    state=State.AVAILABLE,
                    kind=told["kind"],
                    max_attempts=told["max_attempts"],
                    max_crashes=told["max_crashes"],
                    parent_id=told["parent_id"],
                )

    def _story(self, job_id: str, lives: Mapping[str, list[list[Version]]], history: Sequence[Entry]) -> Story:
        key = job_id if job_id in self.files.put else job_key("default", job_id)
        ours = [entry for entry in history if isinstance(entry, Claim | Ending) and entry.job_id == job_id]
        claims = [entry for entry in ours if isinstance(entry, Claim)]
        return tell(job_id, lives.get(key, []), claims, [each for each in ours if isinstance(each, Ending)])

    def _lives(self) -> dict[str, list[list[Version]]]:
        """For each job the lines of its note: each begins with one that was made where there was none."""
        known: dict[str, set[str]] = defaultdict(set)
        for each in self._log(NOTES):
            known[each.key].update({each.condition, each.answered_etag if each.method == "GET" else ""})
        lives: dict[str, list[list[Version]]] = defaultdict(list)
        line_of: dict[tuple[str, str], list[Version]] = {}
        for each in self._log(NOTES):
            # Where the answer was lost, whoever knows the etag shows that it was written.
            happened = each.status == 200 or (each.status == 0 and each.etag in known[each.key])
            if each.method != "PUT" or not happened or (each.key, each.etag) in line_of:
                continue
            key = noted_key(each.key.removeprefix(f"{self.folder}/"))
            line = line_of.get((each.key, each.condition))
            if line is None:
                lives[key].append(line := [])
            line.append(Version(each.asked_at, Note.read(each.body, key)))
            line_of[each.key, each.etag] = line
        return lives

    def _log(self, under: str) -> Iterator[Exchange]:
        return (each for each in self.log if each.key.startswith(f"{self.folder}/{under}/"))

    async def _keys(self, *folders: str) -> AsyncGenerator[str]:
        for folder in folders:
            async for page in self.bucket.pages(folder):
                for facts in page:
                    yield facts.key

    async def _breaches(self, jobs: Sequence[JobRow]) -> AsyncGenerator[Breach]:
        """Each output is there once and right, each failure with its reason, and nothing else."""
        for job in jobs:
            async for text in self._wrong_with(job):
                yield Breach("outputs", job.id, text)
        wanted = {output_of(job.id) for job in jobs if job.kind == KIND and job.state is State.COMPLETED}
        async for key in self._keys("made"):
            if key not in wanted:
                yield Breach("outputs", "", f"'{key}' is there, but its job was not completed")
        async for key in self._keys(*_LIVE):
            yield Breach("left over", "", f"'{key}' is still there")

    async def _wrong_with(self, job: JobRow) -> AsyncGenerator[str]:
        key = job.id if job.kind == KIND else job_key("default", job.id)
        failed, reason = failed_key(key), reason_key(key)
        if job.state is not State.COMPLETED:
            if await self.bucket.find(failed) is None or await self.bucket.find(reason) is None:
                yield f"it is {job.state}, but '{failed}' or its reason is not there"
            elif json.loads((await self.bucket.read(reason, max_bytes=1 << 20))[0])["state"] != job.state:
                yield f"it is {job.state}, but its reason says otherwise"
            return
        if await self.bucket.find(failed) is not None:
            yield f"it was completed, but '{failed}' is there"
        if job.kind == KIND:
            found = await self.bucket.find(output_of(key))
            content = b"" if found is None else (await self.bucket.read(output_of(key), max_bytes=1 << 20))[0]
            if content != made_of(self.files.put[key]):
                yield f"its output '{output_of(key)}' is {'not right' if found else 'not there'}"


def _set_right(entry: Entry, skew: int) -> Entry:
    """What a worker wrote down by a wrong clock, by the right one."""
    names = ("claimed_at", "lease_until", "told_at", "asked_at", "at")
    return replace(entry, **{name: getattr(entry, name) - skew for name in names if hasattr(entry, name)})


def _run_set_right(run: HandlerRun, skew: int) -> HandlerRun:
    ended_at = None if run.ended_at is None else run.ended_at - skew
    return replace(run, started_at=run.started_at - skew, ended_at=ended_at)


def _with_end(job: JobRow, story: Story) -> JobRow:
    state = story.state or State.AVAILABLE
    return replace(job, state=state, failures=story.failures, crashes=story.crashes)
