"""Webhook mode: the client is answered at once, and what was made is sent to an address of its choice.

Fields of the request's header, methods and tries are those of Gotenberg 8. The addresses are subject to the rule for
pages: public ones, and hosts that the setting `chromium.allowed_hosts` names.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from importlib.metadata import version
from typing import IO
from urllib.parse import urlsplit

from starlette.datastructures import Headers

from millhand.core.errors import MillhandError
from millhand.net.reach import Reach, RefusedError
from millhand.web import outward
from millhand.web.problems import Refused

_METHODS = ("POST", "PUT", "PATCH")
_WAITS = (1.0, 2.0, 4.0, 8.0)
_SECONDS = 120.0
_TOO_MANY, _FAILED, _NOT_IMPLEMENTED = 429, 500, 501


class Undelivered(MillhandError):
    """A webhook did not take what was sent to it."""

    default_code = "webhook_failed"


@dataclass(frozen=True, slots=True)
class Target:
    """An address, and how it is called."""

    url: str
    method: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where a file goes, and where an error goes; `headers` go with both."""

    file: Target
    error: Target
    headers: Mapping[str, str]


def webhook_of(given: Headers) -> Webhook | None:
    """What the request's header asks for, None if it asks for an answer; raises `Refused` (400)."""
    if "gotenberg-webhook-events-url" in given:
        raise _bad("Events-Url", "events are not sent here: name a Gotenberg-Webhook-Error-Url")
    if not given.get("gotenberg-webhook-url"):
        return None
    return Webhook(_target(given, ""), _target(given, "Error-"), _headers(given))


async def check(webhook: Webhook, reach: Reach) -> None:
    """Turn a webhook away that may not be called; raises `Refused` (403)."""
    for target in (webhook.file, webhook.error):
        try:
            await _address(target.url, reach)
        except Undelivered as error:
            raise Refused(403, error.message, code="address_refused", hint=error.hint) from None


async def deliver(target: Target, headers: Mapping[str, str], content: IO[bytes], reach: Reach) -> None:
    """Send content, and send it again while that may help; raises `Undelivered`."""
    for wait in (*_WAITS, None):
        try:
            address = await _address(target.url, reach)
            status = await asyncio.to_thread(_call, target, address, headers, content)
        except (OSError, HTTPException) as error:
            status, why = _FAILED, str(error) or type(error).__name__
        else:
            why = f"it answers with status {status}"
        if status < 300:  # noqa: PLR2004 - the statuses of success end there
            return
        passing = status == _TOO_MANY or (status >= _FAILED and status != _NOT_IMPLEMENTED)
        if wait is None or not passing:
            raise Undelivered(f"the webhook at {urlsplit(target.url).hostname} takes nothing: {why}")
        await asyncio.sleep(wait)


def _target(given: Headers, which: str) -> Target:
    url = given.get(f"gotenberg-webhook-{which}url", "")
    method = given.get(f"gotenberg-webhook-{which}method", "POST").upper()
    if not outward.is_address(url):
        raise _bad(f"{which}Url", "expected an address that begins with http:// or https://")
    if method not in _METHODS:
        raise _bad(f"{which}Method", f"expected {', '.join(_METHODS)}")
    return Target(url, method)


def _headers(given: Headers) -> dict[str, str]:
    try:
        return outward.plain_headers(json.loads(given.get("gotenberg-webhook-extra-http-headers") or "{}"))
    except (json.JSONDecodeError, RecursionError):
        raise _bad("Extra-Http-Headers", "expected a JSON object") from None
    except ValueError as error:
        raise _bad("Extra-Http-Headers", str(error)) from None


def _bad(header: str, why: str) -> Refused:
    return Refused(400, f"Invalid 'Gotenberg-Webhook-{header}' header value: {why}", code="invalid_request")


async def _address(url: str, reach: Reach) -> str:
    try:
        return await outward.judged(url, reach)
    except RefusedError:
        raise Undelivered(
            f"the webhook's host {urlsplit(url).hostname} is not public",
            hint="Name it in the setting chromium.allowed_hosts if it shall be called.",
        ) from None


def _call(target: Target, address: str, headers: Mapping[str, str], content: IO[bytes]) -> int:
    """Send content once; the status of the answer."""
    content.seek(0)
    own = {"Host": outward.host_header(target.url), "User-Agent": f"millhand/{version('millhand')}"}
    with outward.calling(target.url, address, _SECONDS) as connection:
        named = {**headers, **own, "Connection": "close"}
        connection.request(target.method, outward.target_of(target.url), content, named)
        with connection.getresponse() as answer:
            return answer.status
