"""What pages may reach: by every way that leads out of a browser, only public addresses and named hosts."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from millhand.core.errors import MillhandError, Permanent
from millhand.engines.chromium import install
from millhand.engines.chromium.engine import Chromium
from millhand.engines.chromium.values import ChromiumSettings
from millhand.net.reach import Reach
from tests.integration.pages.server import Pages, serving
from tests.integration.pages.support import Exporter

pytestmark = pytest.mark.needs("chromium")

# Every way to ask for something that a page has, each to the address in place of URL (or UDP).
LEAKS = """<!doctype html><html manifest=URL/manifest><head><link rel=stylesheet href=URL/style>
<link rel=icon href=URL/icon><link rel=dns-prefetch href=//secret.test><link rel=preconnect href=URL/preconnect>
<link rel=prefetch href=URL/prefetch>
<link rel=prerender href=URL/prerender><link rel=modulepreload href=URL/module><link rel=manifest href=URL/manifest>
<link rel=preload as=font crossorigin href=URL/font><script src=URL/script></script>
<script type=speculationrules>{"prerender":[{"urls":["URL/speculated"]}],"prefetch":[{"urls":["URL/fetched"]}]}</script>
<style>@import url(URL/import); @font-face{font-family:x;src:url(URL/face)} p{font-family:x;background:url(URL/back)}
</style></head><body><p>text<img src=URL/image srcset="URL/set 2x"><iframe src=URL/frame></iframe><video src=URL/video
poster=URL/poster autoplay></video><audio src=URL/audio autoplay></audio><embed src=URL/embed><object data=URL/object>
</object><iframe srcdoc="<img src=URL/inner>"></iframe><iframe src=file:///etc/passwd></iframe><svg><image
href=URL/drawn /><use href=URL/used#a /><filter id=f><feImage href=URL/filter /></filter></svg><form action=URL/form
target=hidden method=post></form><iframe name=hidden></iframe><a href=URL/link ping=URL/ping>x</a><script>
const u = 'URL', ignore = () => 0;
fetch(u + '/fetch', {mode: 'no-cors'}).catch(ignore); navigator.sendBeacon(u + '/beacon', 'x');
const asking = new XMLHttpRequest(); asking.open('GET', u + '/asked'); asking.send();
new WebSocket(u.replace('http', 'ws') + '/socket'); new EventSource(u + '/events');
new Worker(URL_.createObjectURL(new Blob(["importScripts('URL/imported'); fetch('URL/worked', {mode: 'no-cors'})"])));
try { new WebTransport(u.replace('http', 'https') + '/transport').ready.catch(ignore); } catch { }
navigator.serviceWorker?.register(u + '/worker.js').catch(ignore);
import(u + '/dynamic').catch(ignore); new Image().src = u + '/new'; open(u + '/opened'); document.forms[0].submit();
document.querySelector('a').click = ignore; CSS.paintWorklet?.addModule(u + '/worklet').catch(ignore);
const calls = new RTCPeerConnection({iceServers: [{urls: 'stun:UDP'}, {urls: 'turn:UDP?transport=tcp', username: 'a',
credential: 'b'}]}); calls.createDataChannel('x'); calls.createOffer().then(offer => calls.setLocalDescription(offer));
</script>"""


@dataclass(frozen=True)
class _Loopback(Reach):
    """A rule by which one loopback address is public, and every other private."""

    public: str = "127.0.0.1"

    def allows(self, address: str) -> bool:
        return address == self.public


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8000/",
        "http://localhost:8000/",
        "http://[::1]:8000/",
        "http://2130706433:8000/",
        "http://0x7f.1:8000/",
        "http://0.0.0.0:8000/",
        "https://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::ffff:169.254.169.254]/",
        "http://page.localhost/",
        "http://localhost.:8000/",
        "http://LOCALHOST:8000/",
        "http://sub.localhost/",
        "http://127.1:8000/",
        "http://0177.0.0.1/",
        "http://0x7f000001/",
        "http://0/",
        "http://127.0.0.1.:8000/",
        "http://\u2460\u2461\u2466.0.0.1/",
        "http://169.254.169.254./",
        "http://2852039166/",
        "http://[::]/",
        "http://[::7f00:1]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::]/",
        "http://user:secret@127.0.0.1:8000/",
        "file:///etc/passwd",
        "chrome://crash",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.com/",
        "view-source:http://127.0.0.1/",
        "about:blank",
        "blob:http://127.0.0.1/x",
        "chrome-devtools://devtools/bundled/inspector.html",
    ],
)
def test_addresses_that_are_refused(exporter: Exporter, url: str) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", url=url)
    assert caught.value.code == "address_refused"


def test_a_name_that_leads_to_a_private_address_is_refused(exporter: Exporter) -> None:
    name = socket.gethostname()
    try:
        socket.getaddrinfo(name, 80)
    except OSError:
        pytest.skip("this machine's name leads nowhere")
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", url=f"http://{name}:8000/")
    assert caught.value.code == "address_refused"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_judged_like_the_page(exporter: Exporter, pages: Pages, status: int) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", url=pages.url(f"/redirect?status={status}&to=http://169.254.169.254/"))
    assert caught.value.code == "address_refused"


@pytest.mark.parametrize("to", ["file:///etc/passwd", "chrome://crash", "http://no-such-host.invalid/"])
def test_redirects_to_nowhere(exporter: Exporter, pages: Pages, to: str) -> None:
    with pytest.raises(MillhandError):
        exporter.export("a.png", url=pages.url(f"/redirect?to={to}"))


@pytest.mark.parametrize(
    "script",
    [
        "location = 'http://10.0.0.1/'",
        "location = 'https://10.0.0.1/'",
        "document.write('<meta http-equiv=refresh content=\"0;url=https://127.0.0.1/\">')",
        "document.write('<meta http-equiv=refresh content=\"0;url=http://10.0.0.1/\">')",
        "document.write('<form action=http://10.0.0.1/ method=post></form>'); document.forms[0].submit()",
    ],
)
def test_pages_that_lead_on_to_private_addresses(exporter: Exporter, script: str) -> None:
    with pytest.raises(Permanent) as caught:
        exporter.export("a.png", html=f"<script>{script}</script>", wait={"seconds": 0.5})
    assert caught.value.code == "address_refused"


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """A UDP port on which nobody should ever knock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.bind(("127.0.0.1", 0))
        port.setblocking(False)
        yield port


def test_parts_of_a_page_reach_nothing_private(tmp_path: Path) -> None:
    journal = tmp_path / "net.json"
    program = tmp_path / "chromium-that-writes-a-journal"
    program.write_text(f'#!/bin/sh\nexec "{install.find()}" --log-net-log="{journal}" "$@"\n')
    program.chmod(0o755)
    engine = Chromium(ChromiumSettings(executable=program))
    with serving() as secret, _listening() as port:
        udp = f"127.0.0.1:{port.getsockname()[1]}"
        html = LEAKS.replace("URL_", "URL\0").replace("URL/", secret.url("/")).replace("'URL'", f"'{secret.url('')}'")
        try:
            done = Exporter(engine, tmp_path).export(
                "a.png", html=html.replace("UDP", udp).replace("\0", ""), size="2x2in", wait={"seconds": 1}
            )
        finally:
            engine.close()
        assert secret.paths == []
        with pytest.raises(BlockingIOError):
            port.recv(1)
    assert any("127.0.0.1 was refused" in notice for notice in done.notices)
    assert _looked_up(journal) == set()


def _looked_up(journal: Path) -> set[str]:
    """What the browser asked the system to resolve or sent by UDP, from its journal of the network."""
    told = json.loads(journal.read_text(encoding="utf-8"))
    types = {number: name for name, number in told["constants"]["logEventTypes"].items()}
    asked = {"HOST_RESOLVER_SYSTEM_TASK", "HOST_RESOLVER_DNS_TASK", "UDP_BYTES_SENT"}
    assert any(types[event["type"]] == "HTTP_STREAM_JOB" for event in told["events"]), "the journal tells of nothing"
    return {str(event.get("params")) for event in told["events"] if types[event["type"]] in asked}


def test_a_name_is_judged_at_every_connection_by_the_address_that_is_taken(tmp_path: Path) -> None:
    """DNS rebinding: what was public when the page was judged is private when its parts are asked for."""
    answers = iter(["127.0.0.1", "127.0.0.2"])
    asked: list[str] = []

    async def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return [next(answers, "127.0.0.2")]

    engine = Chromium(ChromiumSettings(), reach_of=_Loopback(look_up=look_up))
    with serving() as public, serving("127.0.0.2", public.port) as private:
        public.add("/", "<p>page<script>fetch('/data').catch(() => 0)</script>")
        private.add("/data", "SECRET")
        try:
            url = f"http://rebound.test:{public.port}/"
            with pytest.raises(Permanent) as caught:
                Exporter(engine, tmp_path).export("a.png", url=url, size="1x1in", wait={"seconds": 0.3})
        finally:
            engine.close()
        assert (public.paths, private.paths) == (["/"], [])
    assert caught.value.code == "address_refused"
    assert set(asked) == {"rebound.test"}


def test_of_several_addresses_the_public_one_is_taken(tmp_path: Path) -> None:
    async def look_up(_host: str, _port: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]

    engine = Chromium(ChromiumSettings(), reach_of=_Loopback(look_up=look_up))
    with serving() as public, serving("127.0.0.2", public.port) as private:
        public.add("/", "<p>page")
        try:
            Exporter(engine, tmp_path).export("a.png", url=f"http://mixed.test:{public.port}/", size="1x1in")
        finally:
            engine.close()
        assert (public.paths[:1], private.paths) == (["/"], [])
