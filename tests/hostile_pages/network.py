"""Templates: servers that misbehave, addresses that lead where no page may go, and answers that are no pages."""

import asyncio
import gzip
from random import Random

from tests.hostile_pages.cases import DEMANDING, DONE, HARMLESS, REFUSED, SLOW, Template, script, url
from tests.hostile_pages.server import Answer, Site, chunked

_BROKEN = frozenset({"page_unreachable", "not_a_page", "not_openable"})
_PRIVATE = (
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/",
    "http://192.168.1.1/admin",
    "http://[::1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://2852039166/",
    "http://0x7f.1/",
    "http://localhost./",
    "https://127.0.0.1/",
    "http://[fd00:ec2::254]/",
)


def _private(random: Random) -> str:
    return random.choice(_PRIVATE)


def _endless(piece: bytes, pause: float, head: str = "Content-Type: text/html"):  # noqa: ANN202 - a Talk
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(chunked(head))
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return talk


def _endless_page(random: Random, site: Site) -> dict[str, object]:
    return url(site.add(_endless(b"<p>more" * random.randint(1, 50), random.choice((0.01, 0.2)))))


def _flood(random: Random, site: Site) -> dict[str, object]:
    return url(site.add(_endless(b"<!--" + b"x" * random.randint(100_000, 900_000) + b"-->", 0)))


def _endless_part(random: Random, site: Site) -> dict[str, object]:
    kind, tag = random.choice(
        (
            ("image/png", "<img src='%s'>"),
            ("text/css", "<link rel=stylesheet href='%s'>"),
            ("text/javascript", "<script src='%s'></script>"),
        )
    )
    part = site.add(_endless(b"\x89PNG\r\n" if kind == "image/png" else b"/* */", 0.1, f"Content-Type: {kind}"))
    return url(site.add(tag % part))


def _silent(_: Random, site: Site) -> dict[str, object]:
    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    return url(site.add(talk))


def _hangs_up(random: Random, site: Site) -> dict[str, object]:
    said = random.choice(
        (b"", b"HTTP/1.1 200", chunked() + b"<p>half a pa", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n<p>")
    )

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()

    return url(site.add(talk))


def _garbage(random: Random, site: Site) -> dict[str, object]:
    noise = random.randbytes(random.randint(1, 5_000))

    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            random.choice((noise, b"\0\0\0\0\r\n\r\n", b"HTTP/9.9 banana\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n"))
        )
        await writer.drain()

    return url(site.add(talk))


def _status(random: Random, site: Site) -> dict[str, object]:
    return url(
        site.add(
            Answer(b"<h1>no</h1>", random.choice((400, 401, 403, 404, 405, 410, 418, 429, 451, 500, 502, 503, 599)))
        )
    )


def _no_content(random: Random, site: Site) -> dict[str, object]:
    return url(site.add(Answer(b"", random.choice((204, 205, 304)))))


def _redirect_loop(random: Random, site: Site) -> dict[str, object]:
    here = [""]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await Answer(b"", random.choice((301, 302, 307)), {"Location": f"{here[0]}?{random.random()}"}).talk(
            reader, writer
        )

    here[0] = site.add(talk)
    return url(here[0])


def _redirect_inside(random: Random, site: Site) -> dict[str, object]:
    to = _private(random)
    for _ in range(random.randint(1, 8)):
        to = site.add(Answer(b"", random.choice((301, 302, 303, 307, 308)), {"Location": to}))
    return url(to)


def _redirect_away(random: Random, site: Site) -> dict[str, object]:
    to = random.choice(
        (
            "file:///etc/passwd",
            "chrome://crash/",
            "data:text/html,x",
            "javascript:alert(1)",
            "about:blank",
            "ftp://a/",
            "//",
        )
    )
    return url(site.add(Answer(b"", 302, {"Location": to})))


def _refresh_inside(random: Random, site: Site) -> dict[str, object]:
    to, way = (
        _private(random),
        random.choice(("<meta http-equiv=refresh content='0;url={}'>", "<script>location='{}'</script>")),
    )
    return url(site.add(way.format(to)), wait={"seconds": 2})  # a busy machine is not at once where it is led


def _private_page(random: Random, _: Site) -> dict[str, object]:
    return url(_private(random))


def _private_parts(random: Random, _: Site) -> dict[str, object]:
    to = _private(random)
    code = f"""fetch('{to}').catch(() => 0); new Image().src = '{to}'; new WebSocket('{to}'.replace('http', 'ws'));
      new RTCPeerConnection({{iceServers: [{{urls: 'stun:169.254.169.254:3478'}}]}}).createDataChannel('x');
      navigator.sendBeacon('{to}', 'x'); const frame = document.createElement('iframe'); frame.src = '{to}';
      document.body.append(frame);"""
    return script(code, wait={"seconds": 0.3})


def _not_of_the_web(random: Random, _: Site) -> dict[str, object]:
    return url(
        random.choice(
            (
                "file:///etc/passwd",
                "chrome://crash/",
                "chrome://kill/",
                "view-source:http://a/",
                "about:memory",
                "data:text/html,x",
                "blob:http://a/b",
                "javascript:while(1);",
                "chrome-extension://a/b",
                "ws://a/",
            )
        )
    )


def _unknown_name(random: Random, _: Site) -> dict[str, object]:
    return url(f"http://{random.choice(('no-such', 'xn--nope', 'a' * 60))}-{random.randint(0, 999)}.invalid/")


def _bad_certificate(_: Random, site: Site) -> dict[str, object]:
    return url(f"https://{site.tls_host}/")


def _tls_to_plain(_: Random, site: Site) -> dict[str, object]:
    return url(f"https://{site.host}/")


def _plain_to_tls(_: Random, site: Site) -> dict[str, object]:
    return url(f"http://{site.tls_host}/")


def _download(random: Random, site: Site) -> dict[str, object]:
    headers = random.choice(
        (
            {"Content-Disposition": "attachment; filename=../../etc/passwd"},
            {"Content-Type": "application/octet-stream"},
            {"Content-Type": "application/zip"},
            {"Content-Type": "application/x-msdownload"},
        )
    )
    return url(site.add(Answer(random.randbytes(2_000), 200, headers)))


def _odd_type(random: Random, site: Site) -> dict[str, object]:
    kind = random.choice(
        (
            "text/plain",
            "image/png",
            "image/svg+xml",
            "video/mp4",
            "application/json",
            "application/xml",
            "text/css",
            "nonsense",
            "",
        )
    )
    return url(site.add(Answer(random.randbytes(random.randint(0, 3_000)), 200, {"Content-Type": kind})))


def _bomb(random: Random, site: Site) -> dict[str, object]:
    packed = gzip.compress(random.choice((b"<p>", b"\0", b" ", b"<i>")) * random.choice((3_000_000, 20_000_000)))
    return url(site.add(Answer(packed, 200, {"Content-Encoding": "gzip"})))


def _wrong_encoding(random: Random, site: Site) -> dict[str, object]:
    encoding = random.choice(("gzip", "br", "zstd", "deflate", "gzip, gzip, gzip", "nonsense"))
    return url(site.add(Answer(random.randbytes(999), 200, {"Content-Encoding": encoding})))


def _heads(random: Random, site: Site) -> dict[str, object]:
    headers = random.choice(
        (
            {f"X-{number}": "y" * 500 for number in range(400)},
            {f"Set-Cookie: a{number}=b; x": "y" * 3_000 for number in range(50)},
            {"Refresh": "0; url=?again"},
            {"Link": "<?x>; rel=preload; as=script, " * 300},
            {"Content-Security-Policy": "sandbox; default-src 'none'"},
            {"Clear-Site-Data": '"*"'},
            {"Transfer-Encoding": "chunked"},
        )
    )
    return url(site.add(Answer(b"<p>heads", 200, headers)))


def _long_url(random: Random, site: Site) -> dict[str, object]:
    return url(f"{site.add('<p>long')}?{'a' * random.choice((2_000, 60_000, 99_000))}")


_ANY = _BROKEN | HARMLESS | SLOW
TEMPLATES = (
    Template("a page without end", _endless_page, SLOW | DEMANDING),
    Template("a flood of bytes", _flood, DEMANDING),
    # A picture that is found broken early is given up, and the page is complete without it.
    Template("a part without end", _endless_part, SLOW | HARMLESS),
    Template("a server that says nothing", _silent, SLOW),
    Template("a server that hangs up", _hangs_up, _BROKEN | HARMLESS),
    Template("a server that speaks no HTTP", _garbage, _BROKEN | HARMLESS),
    Template("an error status", _status, frozenset({"page_status"})),
    Template("an answer without content", _no_content, _BROKEN | HARMLESS),
    Template("redirects in a circle", _redirect_loop, _BROKEN),
    Template("redirects to a private address", _redirect_inside, REFUSED),
    Template("a redirect out of the web", _redirect_away, _BROKEN | HARMLESS),
    Template("a page that leads on to a private address", _refresh_inside, REFUSED),
    Template("a private address", _private_page, REFUSED),
    Template("parts at private addresses", _private_parts, HARMLESS),
    Template("an address that is not of the web", _not_of_the_web, REFUSED),
    Template("a name that nobody knows", _unknown_name, frozenset({"page_unreachable"})),
    Template("a certificate that nobody trusts", _bad_certificate, frozenset({"not_openable"})),
    Template("TLS to a server without", _tls_to_plain, SLOW | {"not_openable", "page_unreachable"}),
    Template("a TLS server asked in plain", _plain_to_tls, _BROKEN | HARMLESS | {"page_status"}),
    Template("a download", _download, frozenset({"not_a_page"})),
    Template("content of an odd type", _odd_type, _ANY),
    Template("content that unpacks to far more", _bomb, HARMLESS | DEMANDING, greedy=True),
    Template("content in a wrong encoding", _wrong_encoding, _BROKEN | HARMLESS),
    Template("heads that are too much", _heads, _ANY | {"page_status", "page_unstable"}),
    Template("a very long address", _long_url, _ANY | {"page_status", DONE}),
)
