"""See the document server at work, and at its worst: a worker that hangs and dies, a bucket that goes away, no worker.

examples/docserver/run                # a quick look: 40 letters, the bucket away for 10 seconds
examples/docserver/run --outage 60    # away for a minute, as in the worst night
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from examples.docserver.producers import BUCKET, Bucket, letter, says_its_name
from examples.docserver.workers import Worker, Workers, workers_on
from millhand.config import load
from millhand.services.docserver.client import Client, Maker, Pdf
from millhand.services.docserver.settings import DocserverSettings
from millhand.testing.s3 import S3Server, s3_program, s3_server

WITHIN = 180.0
FRESH = 90.0
AT_ONCE = 20
SECONDS_WITHOUT_A_WORKER = 20.0

PARTS = 10
"""The parts of a worker that may tell of an outage, once each."""

T = TypeVar("T")


@dataclass
class Story:
    """What is on the stage, and what was seen of it."""

    server: S3Server
    bucket: Bucket
    workers: Workers
    wrong: int = 0
    seen: list[str] = field(default_factory=list[str])
    ended: bool = False

    def check(self, what: str, seen: str, *, right: bool) -> None:
        """Note something that must hold."""
        self.wrong += not right
        self.seen.append(f"{'✔' if right else '✖'} {what:<44} {seen}")

    def tell_if_it_broke_off(self) -> None:
        """Show what the workers wrote last, for who must find out why."""
        if not self.ended:
            for worker in self.workers.all:
                print(f"--- {worker.name}:\n{worker.log[-2000:]}", file=sys.stderr)


def main() -> int:
    """Play it all; exits 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--letters", type=int, default=40, help="how many are put into the bucket")
    parser.add_argument("--outage", type=float, default=10.0, help="seconds for which the bucket is away")
    told = parser.parse_args()
    program = s3_program() or sys.exit("SeaweedFS is not installed: scripts/setup dev")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millhand-docserver-")))
        say("starting an S3 server and two workers")
        server = stack.enter_context(s3_server(folder / "store", program))
        server.make(BUCKET)
        story = Story(server, Bucket(server), stack.enter_context(workers_on(server, folder)))
        stack.callback(story.tell_if_it_broke_off)
        one, two = story.workers.start("one"), story.workers.start("two")
        until(lambda: one.is_ready and two.is_ready, "both workers to come up")
        a_worker_hangs_and_dies(story, two, [f"{number:03}" for number in range(told.letters)])
        three = story.workers.start("three")
        until(lambda: three.is_ready, "a third worker in the place of the dead one")
        the_bucket_goes_away(story, [one, three], told.outage)
        asyncio.run(the_client_asks(story, [one, three]))
        story.ended = True
    print("\n" + "\n".join(story.seen))
    return 1 if story.wrong else 0


def a_worker_hangs_and_dies(story: Story, victim: Worker, names: list[str]) -> None:
    """Letters are put by two clients; half-way through, one of two workers hangs with a letter in its hands."""
    bucket = story.bucket
    say(f"{len(names)} letters are put by boto3 and by obstore")
    bucket.put(names)
    until(lambda: len(bucket.keys("converted")) >= len(names) // 4, "a quarter of the PDFs")
    held = until(lambda: hung(bucket, victim), "the worker to hang with a letter in its hands")
    say(f"the worker '{victim.name}' hangs with {held}; the other one goes on")
    until(lambda: not victim.holds(bucket.holders().get(held, "")), "its letter to be taken over")
    say("the hanging worker is killed")
    victim.kill()
    until(lambda: not bucket.keys("to-convert") and not bucket.keys(".millhand/notes"), "all letters to be done")
    made = story.workers.made()
    keys = {f"to-convert/{name}.docx" for name in names}
    story.check(
        "PDFs", f"{len(bucket.keys('converted'))} of {len(names)}", right=bucket.keys("converted") == pdfs(names)
    )
    right = sum(says_its_name(bucket.read(f"converted/{name}.pdf"), name) for name in names)
    story.check("PDFs that say the name of their letter", str(right), right=right == len(names))
    twice = [key for key, times in made.items() if times > 1]
    # The bucket knows that a letter has ended before the history of its worker does, and one worker was killed.
    settled = made.keys() | {held}
    story.check(
        "letters settled once", f"{len(settled) - len(twice)} of {len(names)}", right=settled == keys and not twice
    )
    story.check(
        "letters left, and failures",
        f"{len(bucket.keys('to-convert') | bucket.keys('failed'))}",
        right=not bucket.keys("failed"),
    )
    check_heartbeat(story)


def hung(bucket: Bucket, victim: Worker) -> str:
    """Stop the worker if it holds a letter; which one, or nothing if it had just let go."""
    if not any(victim.holds(holder) for holder in bucket.holders().values()):
        return ""
    victim.hang()
    held = [key for key, holder in bucket.holders().items() if victim.holds(holder)]
    if not held:
        victim.wake()
    return held[0] if held else ""


def the_bucket_goes_away(story: Story, workers: list[Worker], seconds: float) -> None:
    """The store is stopped for a while, and started: the workers go on as the processes that they were."""
    before = {worker.name: worker.made().total() for worker in workers}
    say(f"the S3 server is stopped for {seconds:g} s")
    story.server.kill()
    time.sleep(seconds)
    still = [worker.name for worker in workers if worker.lives]
    story.server.start()
    say("it is back: letters are put until both workers have taken one")
    names: list[str] = []

    def all_have_worked() -> bool:
        if not story.bucket.keys("to-convert"):
            names.append(f"after-{len(names)}")
            story.bucket.put(names[-1:])
        return all(worker.made().total() > before[worker.name] for worker in workers)

    until(all_have_worked, "both workers to go on")
    until(lambda: not story.bucket.keys("to-convert"), "the last letter")
    story.check("workers that outlast the outage", " and ".join(still), right=len(still) == len(workers))
    there = pdfs(names) <= story.bucket.keys("converted")
    story.check("PDFs made after it, by both", str(len(names)), right=there)
    lines = [line for worker in workers for line in worker.log.splitlines() if "can't be reached" in line]
    story.check("lines about the outage in both logs", str(len(lines)), right=0 < len(lines) <= 2 * PARTS)
    check_heartbeat(story)


async def the_client_asks(story: Story, workers: list[Worker]) -> None:
    """The client library: with workers, many at once, and without any."""
    own = DocserverSettings.read(
        {
            "MINIO_ENDPOINT": story.server.endpoint,
            "MINIO_ACCESS_KEY": story.server.access.access_key_id,
            "MINIO_SECRET_KEY": story.server.access.secret_access_key,
            "MINIO_SECURE": "false",
            "MINIO_BUCKET": BUCKET,
        }
    )
    before = story.bucket.keys("converted")
    async with Client.of(load(environ={}, folder=Path("/nowhere")), own) as client:
        say("the client asks, with workers")
        first = await client.convert(letter("first"))
        story.check("the client, with workers", told_of(first), right=first.by is Maker.WORKER)
        began = time.monotonic()
        many = await asyncio.gather(*(client.convert(letter(f"many-{number}")) for number in range(AT_ONCE)))
        right = all(says_its_name(pdf.content, f"many-{number}") for number, pdf in enumerate(many))
        by_workers = all(pdf.by is Maker.WORKER for pdf in many)
        seconds = time.monotonic() - began
        story.check(f"{AT_ONCE} letters at once", f"{seconds:.1f} s, by workers", right=right and by_workers)
        say("the workers are stopped, and the client asks again")
        codes = [worker.stop() for worker in workers]
        story.check("exit codes of the workers", str(codes), right=codes == [0] * len(codes))
        alone = await client.convert(letter("alone"), seconds=SECONDS_WITHOUT_A_WORKER)
        in_time = alone.by is Maker.HERE and alone.seconds < SECONDS_WITHOUT_A_WORKER
        story.check(f"the client, without, in {SECONDS_WITHOUT_A_WORKER:g} s", told_of(alone), right=in_time)
    left = (story.bucket.keys("to-convert") | story.bucket.keys("converted")) - before
    story.check("what the client left in the bucket", str(len(left)), right=not left)


def told_of(pdf: Pdf) -> str:
    """A PDF in words."""
    return f"{pdf.engine}, by {'a worker' if pdf.by is Maker.WORKER else 'this process'}, {pdf.seconds:.1f} s"


def check_heartbeat(story: Story) -> None:
    """The heartbeat is fresh, and has what the original's has."""
    beat = story.bucket.heartbeat()
    age = (datetime.now(UTC) - datetime.fromisoformat(beat.get("ts", "2000-01-01T00:00:00+00:00"))).total_seconds()
    whole = {"status", "word_version", "host", "ts"} <= set(beat)
    story.check(
        "heartbeat", f"{beat.get('status')}, {age:.0f} s old", right=whole and age < FRESH and beat["status"] == "ok"
    )


def pdfs(names: list[str]) -> set[str]:
    """The keys of their PDFs."""
    return {f"converted/{name}.pdf" for name in names}


def say(words: str) -> None:
    """Tell what is going on."""
    print(f"--- {words}", file=sys.stderr, flush=True)


def until(condition: Callable[[], T], what: str) -> T:
    """Look until there is something, and return it."""
    deadline = time.monotonic() + WITHIN
    while not (found := condition()):
        if time.monotonic() > deadline:
            sys.exit(f"waited {WITHIN:.0f} s for {what}")
        time.sleep(0.1)
    return found


if __name__ == "__main__":
    sys.exit(main())
