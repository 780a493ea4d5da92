"""Who is signed in: cookies that mean nothing by themselves, the keys behind them, and the tokens that forms carry."""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass

from millhand.core.clock import Clock
from millhand.web.problems import Refused

COOKIE = "millhand_visit"
IDLE_FOR = 12 * 3600.0
"""Seconds after which a session that nobody uses is over."""

_MOST = 10_000
_MOST_FAILURES = 10
_FAILURES_COUNT_FOR = 60.0


def new_cookie() -> str:
    """A cookie for somebody who brings none, and for whoever signs in."""
    return secrets.token_urlsafe(32)


def form_token(cookie: str) -> str:
    """What the forms of a page carry, so that no other site's page can send them: it follows from the cookie alone."""
    return hmac.new(cookie.encode(), b"millhand form", hashlib.sha256).hexdigest()


def is_form_token(cookie: str, given: str) -> bool:
    """Whether a form came from a page that was shown to the holder of this cookie."""
    return bool(cookie) and hmac.compare_digest(form_token(cookie).encode(), given.encode())


@dataclass(slots=True)
class _Session:
    key: str
    used: float


class Sessions:
    """The sessions of one process, in its memory: after a restart, people sign in again.

    The key is kept and looked at with every request, so that a revoked one ends its sessions at once.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: OrderedDict[str, _Session] = OrderedDict()
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def begin(self, key: str) -> str:
        """Begin a session for the holder of this key; returns its cookie."""
        cookie = new_cookie()
        self._known[cookie] = _Session(key, self._clock.monotonic())
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return cookie

    def key_of(self, cookie: str) -> str | None:
        """The key behind a cookie, unless there is no such session any more."""
        session = self._known.get(cookie)
        now = self._clock.monotonic()
        if session is None or now - session.used > IDLE_FOR:
            self._known.pop(cookie, None)
            return None
        session.used = now
        self._known.move_to_end(cookie)
        return session.key

    def end(self, cookie: str) -> None:
        """End a session."""
        self._known.pop(cookie, None)

    def check_rate(self, address: str) -> None:
        """Raise `Refused` (429) if too many wrong keys came from this address within the last minute."""
        now = self._clock.monotonic()
        lately = [at for at in self._failures.get(address, []) if now - at < _FAILURES_COUNT_FOR]
        if len(lately) >= _MOST_FAILURES:
            raise Refused(
                429,
                "too many wrong keys came from your address",
                code="too_many_attempts",
                hint="Wait a minute.",
                headers={"Retry-After": f"{_FAILURES_COUNT_FOR:.0f}"},
            )

    def note_failure(self, address: str) -> None:
        """Note that a wrong key came from this address."""
        self._failures.setdefault(address, []).append(self._clock.monotonic())
        self._failures[address] = self._failures[address][-_MOST_FAILURES:]
        self._failures.move_to_end(address)
        if len(self._failures) > _MOST:
            self._failures.popitem(last=False)
