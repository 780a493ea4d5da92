"""One page of each hostile sort that needs little memory, several at a time."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from millhand.core.errors import MillhandError
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.values import PageLimits
from tests.hostile_pages import bulk, network, scripts
from tests.hostile_pages.app import engine_settings
from tests.hostile_pages.cases import DONE, Case, drawn
from tests.hostile_pages.server import Site, serving
from tests.integration.pages.support import Exporter

pytestmark = pytest.mark.needs("chromium")

LIMITS = PageLimits(seconds=3.0, transfer=20 << 20, pixels=40_000_000)
GRACE = 20.0
AT_ONCE = 4
CALM = [one for one in (*network.TEMPLATES, *scripts.TEMPLATES, *bulk.TEMPLATES) if not one.greedy]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with serving() as started:
        yield started


@pytest.fixture
def hostile(site: Site, tmp_path: Path) -> Iterator[Exporter]:
    engine = Chromium(engine_settings(f"{site.host},{site.tls_host}"))
    engine.warm_up()
    yield Exporter(engine, tmp_path)
    engine.close()


def _end(hostile: Exporter, number: int, case: Case) -> tuple[str, float]:
    began = time.monotonic()
    try:
        hostile.export(f"{number}.{case.args.get('format', 'png')}", LIMITS, **case.args)
    except MillhandError as error:
        return error.code, time.monotonic() - began
    return DONE, time.monotonic() - began


@pytest.mark.timeout(240)
def test_every_page_ends_with_its_reason_and_the_engine_goes_on(hostile: Exporter, site: Site) -> None:
    cases = drawn(CALM, len(CALM), 7, site)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        ends = list(threads.map(lambda pair: _end(hostile, *pair), enumerate(cases)))
    wrong = [
        f"{case.template.name}: {code} after {seconds:.1f} s of {dict(case.args)}"[:400]
        for case, (code, seconds) in zip(cases, ends, strict=True)
        # A browser that a neighbour stopped, or took the processor from, is an honest reason, too.
        if code not in case.template.ends | {"page_crashed", "page_too_slow"} or seconds > LIMITS.seconds + GRACE
    ]
    assert wrong == []
    hostile.export("fine.png", html="<p>fine", size="1x1in", dpi=96)
    assert hostile.picture("fine.png").size == (96, 96)
