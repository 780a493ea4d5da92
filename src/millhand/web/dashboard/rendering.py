"""Pages from templates: everything that is put into one is escaped, and a name that is not there is an error."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from millhand.core.state import State
from millhand.core.words import count_of
from millhand.ledger.filters import JobFilter
from millhand.web.access.roles import Principal, Role
from millhand.web.dashboard import words

PACKAGE = "millhand.web.dashboard"
# Only templates can have put such a thing into a page: in all that is shown, quotes are escaped.
_LINKS = re.compile(r'\b((?:href|src|action|formaction)=)"/')
SAID: Mapping[str, str] = {
    "retried": "It runs again.",
    "retried-group": "The jobs of the group run again.",
    "retried-some": "The chosen jobs run again, as far as they can: running ones can't.",
    "cancelled": "It is cancelled.",
    "cancel-requested": "It runs, and is told to stop within about a second.",
    "cancelled-some": "The chosen jobs are cancelled, or told to stop; those that had ended stay as they are.",
    "bulk": "This job does it, and shows here how far it is.",
    "none-chosen": "No job was chosen.",
    "sent": "The job is sent.",
    "paused": "The queue is paused; running jobs go on.",
    "resumed": "The queue delivers again.",
    "limited": "The limits are set.",
    "purged": "All that waited in the queue is cancelled.",
    "fired": "The schedule's job is sent.",
    "enabled": "The schedule is on.",
    "disabled": "The schedule is off.",
    "quieted": "The worker takes no more jobs within a second; what it holds goes on.",
    "woken": "The worker takes jobs again within a second.",
    "stopped": "The worker is told to end: running jobs may take its grace time.",
}
"""What a page says after an action, by the word in its address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What every page shows beside its own things."""

    now: int
    path: str
    token: str
    who: Principal | None
    signed_in: bool
    said: str = ""
    prefix: str = ""

    def may(self, role: str) -> bool:
        """Whether the buttons of this role are shown."""
        return self.who is not None and self.who.role.includes(Role(role))

    @property
    def fleet(self) -> bool:
        """Whether what concerns all tenants is shown."""
        return self.who is not None and self.who.tenant is None


def render(template: str, look: Look, values: Mapping[str, object]) -> str:
    """The text of a page."""
    made = _environment().get_template(template)
    said = SAID.get(look.said, "")
    text = made.render(
        values,
        look=look,
        said_in_words=said,
        ago=lambda instant: words.moment(instant, look.now),  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType] - called by templates
    )
    return _LINKS.sub(rf'\1"{look.prefix}/', text) if look.prefix else text


def asset(name: str) -> str:
    """The address of a static file; it changes with the content, so that browsers may keep the file for good."""
    return f"/static/{name}?v={_digest(name)}"


def jobs_url(**fields: object) -> str:
    """The address of the list of jobs that fit these fields of the filter language."""
    states = fields.pop("state", None)
    wanted = JobFilter(
        **{name: str(value) for name, value in fields.items()},  # pyright: ignore[reportArgumentType] - texts only
        states=frozenset({State(str(states))}) if states else frozenset(),
    )
    return f"/jobs?{urlencode({'q': str(wanted)})}"


@cache
def _digest(name: str) -> str:
    return hashlib.sha256((resources.files(PACKAGE) / "static" / name).read_bytes()).hexdigest()[:12]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "span": words.span,
        "about": words.about,
        "exact": words.exact,
        "clock_time": words.clock_time,
        "size": words.size,
        "pretty": words.pretty,
        "one_line": words.one_line,
        "segment": _segment,
    }
    values = {"asset": asset, "jobs_url": jobs_url, "count_of": count_of, "State": State}
    made.filters.update(filters)  # pyright: ignore[reportUnknownMemberType] - Jinja's own table says not of what
    made.globals.update(values)  # pyright: ignore[reportUnknownMemberType] - as above
    return made


def _segment(name: str) -> str:
    """A name as one segment of an address."""
    return quote(name, safe="")
