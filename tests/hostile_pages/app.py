"""The app whose worker exports hostile pages: the real handler and engine, with limits that are soon reached."""

import os

from millhand import App
from millhand.core.limits import MIB
from millhand.engines.chromium.values import ChromiumSettings, PageLimits
from millhand.handlers.pages.export import pages
from millhand.handlers.pages.settings import PageSettings

HOSTS = "HOSTILE_HOSTS"
"""The variable that names the server of hostile pages, which is on loopback, and must be reached all the same."""

LIMITS = PageLimits(seconds=5.0, memory=900 * MIB, transfer=20 * MIB, pixels=40_000_000)


def engine_settings(hosts: str) -> ChromiumSettings:
    """The engine that reaches these hosts, with commas between them."""
    return ChromiumSettings(allowed_hosts=frozenset(filter(None, hosts.split(","))))


app = App()
app.include(pages(PageSettings(page=LIMITS, engine=engine_settings(os.environ.get(HOSTS, "")))))
