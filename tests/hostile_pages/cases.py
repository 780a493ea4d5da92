"""A case: one hostile page with what may become of it; and the templates that cases are drawn from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.hostile_pages.server import Site

_SNIPPETS = Path(__file__).with_name("snippets")

_LARGE = 200_000  # characters

DONE = "completed"
"""The end of a page that was exported all the same."""
SLOW = frozenset({"page_too_slow"})
REFUSED = frozenset({"address_refused"})
DEMANDING = frozenset({"page_too_demanding", "page_too_slow", "page_crashed"})
"""Ends of a page that takes too much: which limit it meets first depends on the machine."""
HARMLESS = frozenset({DONE})


Make = Callable[[Random, Site], Mapping[str, object]]


@dataclass(frozen=True)
class Template:
    """A sort of hostile page: how to make one, and the ends that are right for it. A greedy one needs much memory."""

    name: str
    make: Make
    ends: frozenset[str]
    greedy: bool = False


@dataclass(frozen=True)
class Case:
    """One hostile page."""

    template: Template
    args: Mapping[str, object]


def snippets(name: str) -> tuple[str, ...]:
    """Scripts of one sort, one a line."""
    return tuple((_SNIPPETS / f"{name}.js").read_text(encoding="utf-8").splitlines())


def html(text: str, **more: object) -> dict[str, object]:
    """Arguments for a page given with its job."""
    return {"html": text, "size": "2x2in", "dpi": 96, **more}


def url(address: str, **more: object) -> dict[str, object]:
    """Arguments for a page at an address."""
    return {"url": address, "size": "2x2in", "dpi": 96, **more}


def script(code: str, **more: object) -> dict[str, object]:
    """Arguments for a page that is a script."""
    return html(f"<!doctype html><body><p>page</p><script>{code}</script>", **more)


def drawn(templates: Sequence[Template], count: int, seed: int, site: Site) -> list[Case]:
    """So many cases, every template in turn, in an order and with parameters that the seed decides."""
    random = Random(seed)  # noqa: S311 - a plan, no secret
    chosen = [templates[number % len(templates)] for number in range(count)]
    random.shuffle(chosen)
    return [Case(template, _sent(template.make(random, site), site)) for template in chosen]


def _sent(args: Mapping[str, object], site: Site) -> Mapping[str, object]:
    """The same, a large page being fetched rather than sent along."""
    text = str(args.get("html", ""))
    if len(text) < _LARGE:
        return args
    return {**{name: value for name, value in args.items() if name != "html"}, "url": site.add(text)}
