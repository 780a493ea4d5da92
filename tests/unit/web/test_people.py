"""Whom headers of a trusted proxy name."""

import pytest
from starlette.datastructures import Headers

from millhand.web.access.people import People
from millhand.web.access.roles import Role

PEOPLE = People(user_header="X-User", groups_header="X-Groups", operators=("ops",), admins=("sre", "root"))


def _headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.lower().encode(), value.encode()) for name, value in pairs])


@pytest.mark.parametrize(
    ("groups", "role"),
    [
        ("", Role.VIEWER),
        ("staff", Role.VIEWER),
        ("ops", Role.OPERATOR),
        ("ops , sre", Role.ADMIN),
        ("opsx", Role.VIEWER),
    ],
)
def test_the_highest_role_of_the_groups_counts(groups: str, role: Role) -> None:
    person = PEOPLE.person(_headers(("X-User", "ann@example.com"), ("X-Groups", groups)))
    assert person is not None
    assert (person.name, person.role, person.tenant) == ("proxy:ann@example.com", role, None)


@pytest.mark.parametrize(
    "pairs",
    [
        (("X-Groups", "sre"),),
        (("X-User", ""), ("X-Groups", "sre")),
        (("X-User", "ann"), ("X-User", "bob")),
        (("X-User", "a" * 201),),
        (("X-User", "ann\tadmin"),),
    ],
)
def test_who_is_not_named_clearly_is_nobody(pairs: tuple[tuple[str, str], ...]) -> None:
    assert PEOPLE.person(_headers(*pairs)) is None


def test_groups_that_come_twice_give_no_rights() -> None:
    person = PEOPLE.person(_headers(("X-User", "ann"), ("X-Groups", "sre"), ("X-Groups", "staff")))
    assert person is not None
    assert person.role is Role.VIEWER


def test_without_a_header_nobody_is_known() -> None:
    headers = _headers(("X-User", "ann"))
    assert (People().person(headers), People().named_in(headers), PEOPLE.named_in(headers)) == (None, False, True)
