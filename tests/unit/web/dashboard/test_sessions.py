"""Sessions, the tokens of forms, and wrong keys."""

import pytest

from millhand.core.clock import SystemClock
from millhand.web.dashboard.sessions import IDLE_FOR, Sessions, form_token, is_form_token, new_cookie
from millhand.web.problems import Refused


class _Clock(SystemClock):
    """A clock that is moved by hand."""

    at = 0.0

    def monotonic(self) -> float:
        return self.at


def test_a_session_stands_for_its_key_until_it_ends() -> None:
    sessions = Sessions(_Clock())
    cookie = sessions.begin("mh_key")
    assert sessions.key_of(cookie) == "mh_key"
    assert sessions.key_of(new_cookie()) is None
    sessions.end(cookie)
    assert sessions.key_of(cookie) is None


def test_a_session_that_nobody_uses_is_over() -> None:
    clock = _Clock()
    sessions = Sessions(clock)
    cookie = sessions.begin("mh_key")
    clock.at = IDLE_FOR - 1
    assert sessions.key_of(cookie) == "mh_key"
    clock.at += IDLE_FOR + 1
    assert sessions.key_of(cookie) is None


def test_the_token_of_a_form_belongs_to_one_cookie() -> None:
    mine, other = new_cookie(), new_cookie()
    assert is_form_token(mine, form_token(mine))
    assert not is_form_token(other, form_token(mine))
    assert not is_form_token("", form_token(""))
    assert not is_form_token(mine, "ü")


def test_who_guesses_has_to_wait() -> None:
    clock = _Clock()
    sessions = Sessions(clock)
    for _ in range(10):
        sessions.check_rate("10.0.0.1")
        sessions.note_failure("10.0.0.1")
    with pytest.raises(Refused) as caught:
        sessions.check_rate("10.0.0.1")
    assert caught.value.status == 429
    sessions.check_rate("10.0.0.2")
    clock.at += 61
    sessions.check_rate("10.0.0.1")
