"""Lists of jobs: filters, pages that stay stable while jobs move, bounded searches, ids by their beginning."""

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.errors import NotFound, UsageError
from millhand.core.job import NewJob
from millhand.core.state import State
from millhand.ledger.filters import parse
from millhand.ledger.inspector import Inspector, jobs
from millhand.ledger.views import Count
from tests.integration.ledger.support import Factory, MovableClock


async def found(inspector: Inspector, clock: MovableClock, text: str) -> list[str]:
    page = await inspector.jobs(parse(text, clock.now()))
    return [row.id for row in page.rows]


async def test_filters_combine(inspector: Inspector, factory: Factory, clock: MovableClock) -> None:
    done = await factory.completed(kind="document.convert", queue="docs", tenant="a")
    failed = await factory.discarded("Timeout after 5 s", kind="document.convert", queue="docs", tenant="b")
    other = await factory.discarded("no such file", kind="page.export", queue="pages", tenant="b")
    clock.move(3_600)
    ready = await factory.send(kind="document.merge", queue="docs", tenant="a", key="one")
    for text, expected in [
        ("", [ready, other, failed, done]),
        ("kind:document.convert", [failed, done]),
        ("kind:document.*", [ready, failed, done]),
        ("state:discarded", [other, failed]),
        ("state:discarded,completed", [other, failed, done]),
        ("queue:docs state:discarded", [failed]),
        ("tenant:b", [other, failed]),
        ("error:timeout", [failed]),
        ("error:bad_input queue:pages", [other]),
        ("no such", [other]),
        ("since:30m", [ready]),
        ("until:30m", [other, failed, done]),
        ("key:one", [ready]),
        ("tenant:nobody", []),
        ("kind:document.convert% ", []),
    ]:
        assert await found(inspector, clock, text) == expected, text
        assert await inspector.count(parse(text, clock.now())) == Count(len(expected)), text


async def test_a_failure_group_is_found_by_its_fingerprint(
    inspector: Inspector, factory: Factory, clock: MovableClock
) -> None:
    ids = [await factory.discarded(f"page {number} is broken") for number in range(3)]
    await factory.discarded("something else")
    fingerprint = (await inspector.job(ids[0])).row.error_fingerprint
    assert await found(inspector, clock, f"kind:test.kind fingerprint:{fingerprint}") == ids[::-1]
    assert await found(inspector, clock, f"fingerprint:{fingerprint}") == ids[::-1]
    assert await found(inspector, clock, f"kind:test.kind fingerprint:{fingerprint} state:retryable") == []


async def test_pages_hold_each_job_once_while_jobs_move(
    inspector: Inspector, factory: Factory, broker: SqlBroker
) -> None:
    sent = [await factory.send() for _ in range(10)]
    first = await inspector.jobs(limit=4)
    await factory.send()
    await factory.settle(await factory.claim())
    second = await inspector.jobs(before=first.next, limit=4)
    third = await inspector.jobs(before=second.next, limit=4)
    assert [row.id for page in (first, second, third) for row in page.rows] == sent[::-1]
    assert third.next is None


async def test_pages_over_several_states_are_in_order(
    inspector: Inspector, factory: Factory, clock: MovableClock
) -> None:
    made = [await (factory.completed() if number % 3 else factory.discarded()) for number in range(9)]
    wanted = parse("state:completed,discarded", clock.now())
    seen, cursor = [], None
    while True:
        page = await inspector.jobs(wanted, before=cursor, limit=2)
        seen += [row.id for row in page.rows]
        cursor = page.next
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize("text", ["kind:rare", "kind:rare state:available"])
async def test_a_search_looks_at_a_bounded_number_of_jobs_at_a_time(
    text: str, inspector: Inspector, broker: SqlBroker, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "WINDOW", 10)
    monkeypatch.setattr(jobs, "SCATTERED", 10)
    new = [NewJob(id=clock.new_id(), kind="rare" if number == 3 else "common", args="{}") for number in range(50)]
    await broker.send(new)
    wanted = parse(text, clock.now())
    pages, cursor = [], None
    while not pages or cursor is not None:
        page = await inspector.jobs(wanted, before=cursor)
        pages.append([row.id for row in page.rows])
        cursor = page.next
    assert pages == [[], [], [], [], [new[3].id], []]


async def test_states_are_tallied_up_to_a_limit(inspector: Inspector, factory: Factory) -> None:
    await factory.completed()
    await factory.send()
    await factory.send()
    tally = await inspector.tally()
    assert tally == {state: Count(0) for state in State} | {State.COMPLETED: Count(1), State.AVAILABLE: Count(2)}
    assert str(Count(10_000, more=True)) == "10,000+"


async def test_an_id_is_known_by_its_beginning(inspector: Inspector, broker: SqlBroker) -> None:
    await broker.send([NewJob(id=f"0190abcd-{end}", kind="test.kind", args="{}") for end in ("1111", "1122", "2222")])
    assert await inspector.resolve("0190abcd-2") == "0190abcd-2222"
    assert await inspector.resolve(" 0190ABCD-1111 ") == "0190abcd-1111"
    with pytest.raises(UsageError, match="more than one"):
        await inspector.resolve("0190abcd-11")
    with pytest.raises(NotFound, match="no job '0190ffff'"):
        await inspector.resolve("0190ffff")
    with pytest.raises(UsageError, match="too short"):
        await inspector.resolve("01")


async def test_programs_get_records_unredacted(inspector: Inspector, factory: Factory) -> None:
    job_id = await factory.discarded("see https://ann:pw@host", args='{"password": "secret"}', headers={"a": "b"})
    records = await inspector.records([job_id, "unknown"])
    record = records[job_id]
    assert list(records) == [job_id]
    assert (record.args, dict(record.headers)) == ('{"password": "secret"}', {"a": "b"})
    assert record.failure is not None
    assert (record.failure.code, record.failure.message) == ("bad_input", "see https://ann:pw@host")
