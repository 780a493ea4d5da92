"""How free slots are divided between lanes."""

import random
from collections import Counter

from millhand.core.fairness import Caps, Lane, Load, allot

NOTHING = Load(0, {}, {})


def lane(tenant: str, ready: int, *, key: str | None = None, priority: int = 0) -> Lane:
    return Lane(priority, tenant, key, ready)


def test_a_single_lane_gets_everything() -> None:
    only = lane("a", 7)
    assert allot([only], 5, Caps(), NOTHING) == {only: 5}
    assert allot([only], 50, Caps(), NOTHING) == {only: 7}
    assert allot([only], 0, Caps(), NOTHING) == {}


def test_the_tenant_with_the_fewest_running_jobs_is_next() -> None:
    big, small = lane("big", 100), lane("small", 100)
    assert allot([big, small], 10, Caps(), NOTHING) == {big: 5, small: 5}
    assert allot([big, small], 10, Caps(), Load(6, {"big": 6}, {})) == {big: 2, small: 8}


def test_ties_go_by_the_order_of_the_lanes() -> None:
    lanes = [lane(name, 1) for name in "cab"]
    assert list(allot(lanes, 2, Caps(), NOTHING)) == lanes[:2]


def test_higher_priorities_take_all_they_can() -> None:
    low, high = lane("a", 10), lane("b", 3, priority=5)
    assert allot([low, high], 5, Caps(), NOTHING) == {high: 3, low: 2}


def test_the_lanes_of_a_tenant_take_turns() -> None:
    one, two = lane("a", 10, key="k1"), lane("a", 10, key="k2")
    assert allot([one, two], 6, Caps(), NOTHING) == {one: 3, two: 3}


def test_every_limit_counts() -> None:
    keyed, plain, other = lane("a", 10, key="k"), lane("a", 10), lane("b", 10)
    load = Load(1, {"a": 1}, {("a", "k"): 1})
    assert allot([keyed, plain, other], 100, Caps(limit_key=2), load) == {keyed: 1, plain: 10, other: 10}
    assert allot([keyed, plain, other], 100, Caps(tenant=2), load) == {keyed: 1, other: 2}
    assert allot([keyed, plain, other], 100, Caps(queue=1), load) == {}


def test_no_limit_is_passed_and_no_slot_is_wasted() -> None:
    chance = random.Random(1)  # noqa: S311 - no secret
    for _ in range(300):
        lanes = [
            lane(chance.choice("abc"), chance.randint(0, 9), key=chance.choice([None, "k", "l"]), priority=number % 2)
            for number in range(chance.randint(1, 8))
        ]
        lanes = list({(each.priority, each.tenant, each.limit_key): each for each in lanes}.values())
        caps = Caps(queue=chance.choice([None, 7]), tenant=chance.choice([None, 4]), limit_key=chance.choice([None, 2]))
        free = chance.randint(0, 20)
        taken = allot(lanes, free, caps, NOTHING)
        total = NOTHING.plus(taken)
        assert total.queue <= min(free, caps.queue or free)
        assert max(total.tenants.values(), default=0) <= (caps.tenant or free)
        assert max(total.limit_keys.values(), default=0) <= (caps.limit_key or free)
        assert all(count <= each.ready for each, count in taken.items())
        for each in lanes:
            if taken.get(each, 0) < each.ready:
                assert _one_more_would_pass_a_limit(each, free, caps, total)


def _one_more_would_pass_a_limit(each: Lane, free: int, caps: Caps, total: Load) -> bool:
    with_it = total.plus({each: 1})
    keyed = Counter(with_it.limit_keys)[each.tenant, each.limit_key or ""]
    return (
        with_it.queue > min(free, free if caps.queue is None else caps.queue)
        or with_it.tenants[each.tenant] > (caps.tenant or with_it.queue)
        or (each.limit_key is not None and keyed > (caps.limit_key or keyed))
    )
