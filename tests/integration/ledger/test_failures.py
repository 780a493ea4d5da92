"""Failures stand in groups of one kind and one fingerprint, the group that failed last first."""

import pytest

from millhand.brokers.sql import SqlBroker
from millhand.core.state import State
from millhand.ledger.inspector import Inspector, failures, trends
from millhand.ledger.inspector.endings import Bounds
from millhand.ledger.views import Count, Trend
from tests.integration.ledger.support import Factory, MovableClock


async def test_like_failures_stand_together(inspector: Inspector, factory: Factory) -> None:
    await factory.completed()
    first = await factory.discarded("page 1 is broken", kind="document.convert")
    await factory.discarded("page 1 is broken", kind="page.export")
    await factory.discarded("page 2 is broken", kind="document.convert")
    third = await factory.retrying("no answer from 10.0.0.1", kind="document.convert")
    last = await factory.discarded("page 33 is broken", kind="document.convert")
    groups = await inspector.failures()
    assert [(group.kind, group.message) for group in groups] == [
        ("document.convert", "page 33 is broken"),
        ("document.convert", "no answer from 10.0.0.1"),
        ("page.export", "page 1 is broken"),
    ]
    newest = groups[0]
    assert (newest.discarded, newest.retrying, newest.sample_id) == (Count(3), Count(0), last)
    assert (groups[1].discarded, groups[1].retrying) == (Count(0), Count(1))
    seen = [(await inspector.job(job_id)).row.finished_at for job_id in (first, last)]
    assert [newest.first_at, newest.last_at] == seen
    assert await inspector.jobs_of_failure("document.convert", groups[1].fingerprint) == (third,)


async def test_a_group_holds_both_who_gave_up_and_who_tries_again(inspector: Inspector, factory: Factory) -> None:
    ids = [await factory.retrying("no answer", max_attempts=most) for most in (1, 5, 1)]
    [group] = await inspector.failures()
    assert (group.discarded, group.retrying, group.sample_id) == (Count(2), Count(1), ids[2])
    assert group.first_at == (await inspector.job(ids[0])).row.finished_at
    assert await inspector.jobs_of_failure(group.kind, group.fingerprint) == (ids[2], ids[1], ids[0])
    assert await inspector.jobs_of_failure(group.kind, group.fingerprint, limit=2) == (ids[2], ids[1])
    for states, expected in (([State.RETRYABLE], (ids[1],)), ([State.DISCARDED], (ids[2], ids[0])), ([], ())):
        assert await inspector.jobs_of_failure(group.kind, group.fingerprint, states=states) == expected


async def test_a_group_ends_when_its_jobs_are_retried(
    inspector: Inspector, factory: Factory, broker: SqlBroker
) -> None:
    await factory.discarded("page 1 is broken")
    await factory.discarded("page 2 is broken")
    [group] = await inspector.failures()
    ids = await inspector.jobs_of_failure(group.kind, group.fingerprint, states=[State.DISCARDED])
    assert len(await broker.retry(ids)) == 2
    assert await inspector.failures() == ()


async def test_only_the_newest_groups_are_shown_and_counts_are_bounded(
    inspector: Inspector, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failures, "_MOST_COUNTED", 2)
    for kind in ("a.a", "c.c", "b.b"):
        for _ in range(3):
            await factory.discarded(kind=kind)
    groups = await inspector.failures(limit=2)
    assert [group.kind for group in groups] == ["b.b", "c.c"]
    assert [str(group.discarded) for group in groups] == ["2+", "2+"]


async def test_no_failures(inspector: Inspector, factory: Factory) -> None:
    await factory.completed()
    assert await inspector.failures() == ()


async def test_how_often_a_group_failed_is_told_by_the_hour(
    inspector: Inspector, factory: Factory, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, pause in (("old", 5 * 3600), ("falls", 19 * 3600), ("falls", 3600), ("rises", 1), ("rises", 1)):
        await factory.discarded(kind=kind)
        clock.move(pause)
    await factory.retrying(kind="tries")
    none = (0,) * 19
    told = {group.kind: (group.hours, group.trend) for group in await inspector.failures()}
    assert told == {
        "old": ((0,) * 24, None),
        "falls": ((0, 0, 0, 1, *none[:18], 1, 0), Trend.RISING),
        "rises": ((0,) * 23 + (2,), Trend.RISING),
        "tries": ((0,) * 24, None),
    }
    monkeypatch.setattr(trends, "_BOUNDS", Bounds(sums=100, jobs=3))
    told = {group.kind: (group.hours, group.trend) for group in await inspector.failures()}
    assert (told["falls"], told["rises"]) == (((0,), None), ((2,), None))
