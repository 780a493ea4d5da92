"""Free slots are divided so that no cap is passed, nobody starves, and what is urgent comes first."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from millhand.core.fairness import Caps, Lane, Load, allot

IDLE = Load(0, {}, {})
tenants = st.sampled_from(["a", "b", "c", "d"])
limit_keys = st.sampled_from([None, "k", "l"])
lanes = st.lists(
    st.builds(Lane, st.integers(0, 2), tenants, limit_keys, st.integers(0, 30)),
    max_size=10,
    unique_by=lambda lane: (lane.priority, lane.tenant, lane.limit_key),
)
cap = st.none() | st.integers(0, 12)
caps = st.builds(Caps, queue=cap, tenant=cap, limit_key=cap)


@st.composite
def loads(draw: st.DrawFn) -> Load:
    by_key = draw(st.dictionaries(st.tuples(tenants, st.sampled_from(["k", "l"])), st.integers(0, 6), max_size=4))
    by_tenant = Counter({tenant: draw(st.integers(0, 4)) for tenant in draw(st.sets(tenants))})
    for (tenant, _), count in by_key.items():
        by_tenant[tenant] += count
    return Load(sum(by_tenant.values()), by_tenant, by_key)


def within(limit: int | None, running: int, before: int) -> bool:
    """A cap that was passed already, since it was lowered, must not be passed by more."""
    return limit is None or running <= max(limit, before)


@given(lanes, st.integers(0, 40), caps, loads())
def test_no_cap_is_ever_passed(ready: list[Lane], free: int, limits: Caps, load: Load) -> None:
    taken = allot(ready, free, limits, load)
    assert sum(taken.values()) <= free
    assert all(0 < count <= lane.ready for lane, count in taken.items())
    after = load.plus(taken)
    assert within(limits.queue, after.queue, load.queue)
    for tenant, running in after.tenants.items():
        assert within(limits.tenant, running, load.tenants.get(tenant, 0))
    for key, running in after.limit_keys.items():
        assert within(limits.limit_key, running, load.limit_keys.get(key, 0))


@given(lanes, st.integers(0, 40), caps, loads())
def test_no_slot_stays_free_that_a_ready_job_may_have(ready: list[Lane], free: int, limits: Caps, load: Load) -> None:
    taken = allot(ready, free, limits, load)
    after = load.plus(taken)
    if sum(taken.values()) == free or (limits.queue is not None and after.queue >= limits.queue):
        return
    for lane in ready:
        if taken.get(lane, 0) == lane.ready:
            continue
        full_tenant = limits.tenant is not None and after.tenants.get(lane.tenant, 0) >= limits.tenant
        key = (lane.tenant, lane.limit_key or "")
        full_key = limits.limit_key is not None and after.limit_keys.get(key, 0) >= limits.limit_key
        assert full_tenant or (lane.limit_key is not None and full_key)


@given(lanes, st.integers(0, 40))
def test_what_is_urgent_comes_first(ready: list[Lane], free: int) -> None:
    taken = allot(ready, free, Caps(), IDLE)
    for lane in ready:
        if taken.get(lane, 0) < lane.ready:
            assert not any(other.priority < lane.priority for other in taken)


@given(st.lists(st.integers(1, 30), min_size=2, max_size=4), st.integers(0, 40))
def test_tenants_get_equal_shares(backlogs: list[int], free: int) -> None:
    ready = [Lane(0, tenant, None, count) for tenant, count in zip("abcd", backlogs, strict=False)]
    taken = allot(ready, free, Caps(), IDLE)
    shares = [taken.get(lane, 0) for lane in ready]
    for share, lane in zip(shares, ready, strict=True):
        assert share == lane.ready or share >= max(shares) - 1


@given(lanes, caps, loads())
def test_every_lane_is_served_in_the_end(ready: list[Lane], limits: Caps, load: Load) -> None:
    """Slot by slot, with jobs that end between: only a cap of nothing keeps a lane out for ever."""
    if 0 in (limits.queue, limits.tenant, limits.limit_key):
        return
    waiting = {lane: lane.ready for lane in ready}
    for _ in range(sum(waiting.values())):
        rest = [Lane(lane.priority, lane.tenant, lane.limit_key, count) for lane, count in waiting.items() if count]
        (served,) = allot(rest, 1, limits, IDLE)
        key = next(
            lane
            for lane in waiting
            if (lane.priority, lane.tenant, lane.limit_key) == (served.priority, served.tenant, served.limit_key)
        )
        waiting[key] -= 1
    assert not any(waiting.values())


def test_a_long_backlog_does_not_keep_out_the_others() -> None:
    huge, small = Lane(0, "huge", None, 1_000_000), Lane(0, "small", None, 2)
    assert allot([huge, small], 10, Caps(), IDLE) == {huge: 8, small: 2}


def test_what_runs_already_counts() -> None:
    busy, idle = Lane(0, "busy", None, 10), Lane(0, "idle", None, 10)
    assert allot([busy, idle], 4, Caps(), Load(3, {"busy": 3}, {})) == {idle: 3, busy: 1}


def test_the_lanes_of_one_tenant_take_turns() -> None:
    first, second = Lane(0, "a", "k", 10), Lane(0, "a", "l", 10)
    assert allot([first, second], 6, Caps(), IDLE) == {first: 3, second: 3}


def test_a_lane_alone_takes_what_there_is() -> None:
    lane = Lane(0, "a", "k", 10)
    assert allot([lane], 4, Caps(), IDLE) == {lane: 4}
    assert allot([lane], 4, Caps(limit_key=3), Load(1, {"a": 1}, {("a", "k"): 1})) == {lane: 2}
    assert allot([lane], 4, Caps(queue=1), Load(2, {"a": 2}, {})) == {}
    assert allot([], 4, Caps(), IDLE) == {}
