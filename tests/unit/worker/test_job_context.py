"""What a handler has in its hands: progress, log, scratch folder, blobs, resources, follow-up jobs."""

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from millhand.core.artefact import Artefact
from millhand.core.context import Context
from millhand.core.errors import BlobMissing, Permanent
from millhand.core.events import Level, LogLine, Progress
from millhand.core.outcome import Completed, Discarded
from millhand.core.resource import resource
from millhand.testing.clock import FakeClock
from millhand.worker.executor.resources import Resources
from millhand.worker.messages import LENGTH_BYTES, Ended, Said, frame, unframe
from tests.unit.worker.attempts import Act, Bench, bench


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def place(tmp_path: Path, clock: FakeClock) -> AsyncGenerator[Bench]:
    async with bench(tmp_path, clock) as place:
        yield place


def fractions(place: Bench) -> list[float]:
    return [event.fraction for event in place.said if isinstance(event, Progress)]


def lines(place: Bench) -> list[LogLine]:
    return [event for event in place.said if isinstance(event, LogLine)]


# Progress and log


async def test_progress_is_thinned_to_ten_a_second(place: Bench, clock: FakeClock) -> None:
    context = place.context()
    for step in range(1_000):
        context.progress(step / 1_000)
        clock.advance(0.001)
    assert 9 <= len(place.said) <= 11


async def test_completion_is_always_reported(place: Bench) -> None:
    context = place.context()
    context.progress(0.5, "half")
    context.progress(0.6)
    context.progress(1.0, "done")
    assert fractions(place) == [0.5, 1.0]


@pytest.mark.parametrize(
    ("said", "reported"), [(-1, 0.0), (7, 1.0), (float("nan"), 0.0), (Decimal("0.25"), 0.25), (True, 1.0)]
)
async def test_progress_is_a_share(place: Bench, said: float, reported: float) -> None:
    place.context().progress(said)
    assert fractions(place) == [reported]


async def test_each_level_of_the_log(place: Bench, clock: FakeClock) -> None:
    log = place.context().log
    log.debug("a")
    log.info("b", pages=3)
    log.warning("c")
    log.error("d")
    assert [(line.level, line.text) for line in lines(place)] == [
        (Level.DEBUG, "a"),
        (Level.INFO, "b"),
        (Level.WARNING, "c"),
        (Level.ERROR, "d"),
    ]
    assert (lines(place)[1].fields, lines(place)[1].at) == ({"pages": 3}, clock.now())


async def test_fields_of_any_kind_can_be_written_down(place: Bench) -> None:
    loop: list[object] = []
    loop.append(loop)
    place.context().log.info(
        "odd",
        path=Path("a/b"),
        when=datetime(2026, 1, 1, tzinfo=UTC),
        raw=b"\xff",
        thing=ValueError("x"),
        keys={("a", 1): 2},
        infinite=float("inf"),
        loop=loop,
        none=None,
    )
    (line,) = lines(place)
    assert json.loads(json.dumps(line.fields, allow_nan=False)) == line.fields
    assert (line.fields["path"], line.fields["none"], line.fields["infinite"]) == ("a/b", None, "Infinity")
    assert line.fields["when"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize("depth", range(190, 210))
async def test_what_lies_too_deep_for_a_message_is_told_in_words(place: Bench, depth: int) -> None:
    deep: list[object] = []
    for _ in range(depth):
        deep = [deep]
    place.context().log.info("deep", value=deep)
    artefact = Artefact("a", "memory://b/a", "text/plain", 1, "", lines(place)[0].fields)
    body = frame([Said(1, lines(place)[0]), Ended(1, Completed(None, (artefact,)), 1, 2, 0.0)])[LENGTH_BYTES:]
    assert len(list(unframe(body))) == 2


async def test_fields_are_as_they_were_when_they_were_logged(place: Bench) -> None:
    pages = [1]
    place.context().log.info("pages", pages=pages)
    pages.append(2)
    assert lines(place)[0].fields == {"pages": [1]}


async def test_what_a_thread_says_arrives_in_order(place: Bench) -> None:
    def handler(ctx: Context, args: Act) -> None:
        for number in range(50):
            ctx.log.info(str(number))

    await place.run(handler)
    assert [line.text for line in lines(place)] == [str(number) for number in range(50)]


# Scratch


async def test_the_scratch_folder_is_the_attempts_own_and_is_removed(place: Bench) -> None:
    one, two = place.context(), place.context()
    (one.scratch / "file").write_text("x")
    assert one.scratch.is_dir()
    assert one.scratch != two.scratch
    one.clean()
    two.clean()
    two.clean()
    assert list(place.tools.workdir.iterdir()) == []


async def test_no_scratch_folder_is_made_for_nothing(place: Bench) -> None:
    place.context().clean()
    assert not place.tools.workdir.exists()


async def test_a_strange_job_id_leads_nowhere_else(place: Bench) -> None:
    scratch = place.context("../../../../x").scratch
    assert scratch.parent == place.tools.workdir


# Blobs


async def test_what_is_saved_can_be_read_in_every_way(place: Bench) -> None:
    context = place.context()
    artefact = await context.save(b"content", "memory://b/out.pdf", media_type="application/pdf", pages=3)
    assert (artefact.name, artefact.size, artefact.media_type) == ("out.pdf", 7, "application/pdf")
    assert artefact.facts == {"pages": 3}
    assert (await context.stat("memory://b/out.pdf")).size == 7
    assert b"".join([part async for part in context.stream("memory://b/out.pdf")]) == b"content"
    path = await context.fetch("memory://b/out.pdf")
    assert (path.parent, path.name, path.read_bytes()) == (context.scratch, "out.pdf", b"content")


async def test_what_is_deleted_again_is_no_artefact(place: Bench) -> None:
    context = place.context()
    await context.save(b"draft", "memory://b/draft")
    await context.save(b"kept", "memory://b/kept")
    await context.delete("memory://b/draft")
    assert [each.url for each in context.artefacts] == ["memory://b/kept"]
    with pytest.raises(BlobMissing):
        await context.stat("memory://b/draft")


async def test_artefacts_and_follow_up_jobs_come_with_success_only(place: Bench) -> None:
    async def handler(ctx: Context, args: Act) -> None:
        await ctx.save(b"x", "memory://b/x", name="shown", where=Path("a"))
        ctx.enqueue(Act(number=2), queue="q", delay=5, key="k", priority=1)
        if args.number == 0:
            raise Permanent("no")

    done = await place.run(handler)
    assert isinstance(done, Completed)
    assert [(artefact.name, artefact.facts) for artefact in done.artefacts] == [("shown", {"where": "a"})]
    (job,) = done.follow_ups
    assert (job.kind, job.args, job.queue, job.key, job.priority) == ("test.act", '{"number":2}', "q", "k", 1)
    assert (job.tenant, job.parent_id) == ("acme", "job-1")
    assert isinstance(await place.run(handler, '{"number":0}'), Discarded)


async def test_a_blob_that_is_not_there(place: Bench) -> None:
    with pytest.raises(BlobMissing):
        await place.context().fetch("memory://b/nothing")


async def test_a_blob_beyond_the_bound_is_not_fetched(place: Bench) -> None:
    await place.context().save(b"x" * 100, "memory://b/x")
    with pytest.raises(Permanent) as refused:
        await place.context().fetch("memory://b/x", max_bytes=99)
    assert refused.value.code == "too_large"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("a.docx", "a.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.docx", "a.docx"),
        ("/a/b/", "b"),
        ("ä" * 300 + ".docx", "ä" * 97 + ".docx"),
        ("caf\udce9.docx", "caf?.docx"),
    ],
)
async def test_names_stay_inside_the_scratch_folder(place: Bench, name: str, kept: str) -> None:
    context = place.context()
    await context.save(b"x", "memory://b/x")
    path = await context.fetch("memory://b/x", name)
    assert (path.parent, path.name) == (context.scratch, kept)


@pytest.mark.parametrize("name", ["..", "a/..", ".", "/", "a\0b"])
async def test_what_is_no_file_name_is_refused(place: Bench, name: str) -> None:
    context = place.context()
    await context.save(b"x", "memory://b/x")
    with pytest.raises(Permanent) as refused:
        await context.fetch("memory://b/x", name)
    assert refused.value.code == "bad_name"


# Resources


async def test_a_resource_is_opened_once_and_closed_in_the_end(tmp_path: Path) -> None:
    seen: list[str] = []

    def opened(name: str):  # noqa: ANN202 - a resource
        @contextmanager
        def opener(folder: Path) -> Generator[Path]:
            seen.append(f"open {name}")
            yield folder
            seen.append(f"close {name}")

        return resource(opener)

    first, second = opened("first"), opened("second")
    resources = Resources(tmp_path)
    folder = resources.use(first)
    assert folder.is_dir()
    assert resources.use(first) is folder
    assert resources.use(second) != folder
    resources.close()
    assert seen == ["open first", "open second", "close second", "close first"]


async def test_a_resource_that_fails_to_open_is_tried_again(place: Bench) -> None:
    attempts: list[int] = []

    @resource
    @contextmanager
    def engine(folder: Path) -> Generator[str]:
        attempts.append(1)
        if len(attempts) == 1:
            raise ValueError("not yet")
        yield "engine"

    context = place.context()
    with pytest.raises(ValueError, match="not yet"):
        context.use(engine)
    assert context.use(engine) == "engine"
