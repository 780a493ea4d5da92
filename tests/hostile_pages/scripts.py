"""Templates: scripts that loop, ask, open, move and shout."""

from random import Random

from tests.hostile_pages.cases import DEMANDING, HARMLESS, REFUSED, SLOW, Template, script, snippets
from tests.hostile_pages.server import Site

_LOOPS = snippets("loops")
_ASKERS = snippets("questions")
_MOVERS = snippets("moves")
_OPENERS = snippets("windows")
_SHOUTERS = snippets("messages")
_TAMPERERS = snippets("tampering")


def _one_of(codes: tuple[str, ...], **more: object):  # noqa: ANN202 - a Make
    def make(random: Random, _: Site) -> dict[str, object]:
        return script(random.choice(codes), **more)

    return make


def _worker_loop(random: Random, _: Site) -> dict[str, object]:
    count = random.randint(1, 8)
    return script(
        f"for (let n = 0; n < {count}; n++) new Worker('data:text/javascript,for(;;);')", wait={"seconds": 0.3}
    )


def _waits_for_ever(random: Random, _: Site) -> dict[str, object]:
    wait = random.choice(
        (
            {"selector": "#never"},
            {"expression": "window.never"},
            {"expression": "new Promise(() => 0)"},
            {"expression": "(() => { for (;;); })()"},
            {"failed": "window.never", "expression": "0"},
            {"seconds": 500},
        )
    )
    return script("setInterval(() => fetch('?x').catch(() => 0), 50)", wait=wait)


def _never_idle(_: Random, __: Site) -> dict[str, object]:
    return script("setInterval(() => fetch('?' + Math.random()).catch(() => 0), 30)", wait={"network_idle": True})


def _bad_condition(random: Random, _: Site) -> dict[str, object]:
    expression = random.choice(
        ("no.such", "throw 1", "}{", "await x", "(() => { throw new Error('x'.repeat(1e6)); })()")
    )
    return script("", wait={"expression": expression})


_EITHER = HARMLESS | SLOW
TEMPLATES = (
    Template("a loop without end", _one_of(_LOOPS), _EITHER | DEMANDING),  # one of them adds to the page, too
    Template("questions without end", _one_of(_ASKERS), _EITHER | DEMANDING),
    Template(
        "pages that move on",
        _one_of(_MOVERS, wait={"seconds": 0.3}),
        _EITHER | REFUSED | {"page_crashed", "not_a_page"},
    ),
    Template("windows without end", _one_of(_OPENERS, wait={"seconds": 0.3}), _EITHER | DEMANDING),
    Template("messages without end", _one_of(_SHOUTERS, wait={"seconds": 0.3}), HARMLESS | DEMANDING),
    Template("tampering with the page's own tools", _one_of(_TAMPERERS), _EITHER | {"page_crashed"}),
    Template("workers that loop", _worker_loop, _EITHER),
    Template("a condition that never comes", _waits_for_ever, SLOW),
    Template("a network that is never idle", _never_idle, SLOW),
    Template("a condition that breaks", _bad_condition, frozenset({"bad_expression"})),
)
