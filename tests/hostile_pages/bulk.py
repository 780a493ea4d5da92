"""Templates: pages that are far too much: of memory, of elements, of size, of effects."""

import struct
import zlib
from random import Random

from millhand.engines.chromium.png import SIGNATURE, chunk
from tests.hostile_pages.cases import DEMANDING, HARMLESS, Template, html, script, snippets, url
from tests.hostile_pages.server import Answer, Site

_EATERS = snippets("memory")
_GROWTH = snippets("growth")
_EFFECTS = (
    "<div style='filter:blur(500px);width:5000px;height:5000px;background:red'></div>" * 20,
    "<div style='box-shadow:" + ",".join(f"{n}px {n}px 99px red" for n in range(500)) + "'>x</div>" * 50,
    "<svg width=9999 height=9999><filter id=f><feTurbulence numOctaves=99 /></filter><g filter=url(#f)><rect />",
    "<svg width=9999 height=9999><filter id=f><feMorphology radius=500 /></filter><g filter=url(#f)><rect width=999 />",
    "<div style='transform:perspective(1px) rotateX(89deg) scale(1e6)'>x</div>",
    "<p style='font-size:1e6px'>huge</p>",
    "<style>*{animation:a 1ms infinite alternate}@keyframes a{to{transform:scale(99)}}</style>" + "<i>x</i>" * 5000,
    "<style>:has(:has(*)){color:red} * * * * * * *:nth-last-child(odd of *){color:blue}</style>"
    + "<b><i>x</i></b>" * 5000,
    "<div style='backdrop-filter:blur(99px);mix-blend-mode:difference;position:fixed;inset:0'></div>" * 500,
)


def _eater(random: Random, _: Site) -> dict[str, object]:
    return script(random.choice(_EATERS), wait={"seconds": 20})


def _many_elements(random: Random, site: Site) -> dict[str, object]:
    piece = random.choice(("<p>text</p>", "<div><span>a</span></div>", "<td>x", "<li><a href=#>y</a>", "<input>"))
    size = random.choice((5, 30, 100)) << 20
    return url(site.add(piece * (size // len(piece))))


def _deep(random: Random, _: Site) -> dict[str, object]:
    tag = random.choice(("div", "b", "table><tr><td", "span", "svg", "ul><li"))
    return html(f"<{tag}>" * random.choice((10_000, 80_000)))


def _wide(random: Random, _: Site) -> dict[str, object]:
    width = random.choice((10_000, 1_000_000, 30_000_000))
    return html(
        f"<div style='width:{width}px;height:50px;background:linear-gradient(90deg,red,blue)'>wide",
        full_page=random.random() < 0.5,
    )


def _tall(random: Random, _: Site) -> dict[str, object]:
    height = random.choice((100_000, 5_000_000, 30_000_000))
    return html(f"<div style='height:{height}px;background:linear-gradient(red,blue)'>tall", full_page=True)


def _growing(random: Random, _: Site) -> dict[str, object]:
    code = random.choice(_GROWTH)
    return script(code, full_page=True, wait={"seconds": 0.2})


def _endless_canvas(random: Random, _: Site) -> dict[str, object]:
    side = random.choice((16_384, 32_767, 65_535, 1_000_000))
    return script(
        f"const c = document.createElement('canvas'); document.body.append(c); c.width = {side}; c.height = {side};"
        f" c.getContext('2d')?.fillRect(0, 0, {side}, {side})",
        full_page=random.random() < 0.5,
    )


def _huge_image(random: Random, site: Site) -> dict[str, object]:
    side = random.choice((20_000, 60_000, 2**31 - 1))
    packed = zlib.compress(bytes(1 + min(side, 60_000)) * min(side, 20_000), 9) if side < 60_000 else b"x"
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    image = SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    source = site.add(Answer(image, 200, {"Content-Type": "image/png"}))
    return url(site.add(f"<img src='{source}' width=100 height=100>" * random.randint(1, 20)))


def _broken_image(random: Random, site: Site) -> dict[str, object]:
    kind = random.choice(("image/png", "image/jpeg", "image/webp", "image/gif", "image/avif", "image/x-icon"))
    source = site.add(Answer(random.randbytes(5_000), 200, {"Content-Type": kind}))
    return url(site.add(f"<p>text<img src='{source}'><picture><source srcset='{source} 9x'><img></picture>"))


def _laughs(random: Random, site: Site) -> dict[str, object]:
    entities = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10 if n else 'lol'}'>" for n in range(random.randint(5, 12)))
    body = (
        f"<?xml version='1.0'?><!DOCTYPE x [{entities}]><svg xmlns='http://www.w3.org/2000/svg'><text>&l4;</text></svg>"
    )
    return url(
        site.add(Answer(body.encode(), 200, {"Content-Type": random.choice(("application/xml", "image/svg+xml"))}))
    )


def _nested_uses(random: Random, _: Site) -> dict[str, object]:
    depth = random.randint(8, 24)
    uses = "".join(f"<g id=g{n}><use href=#g{n - 1} /><use href=#g{n - 1} /></g>" for n in range(1, depth))
    return html(f"<svg><defs><g id=g0><circle r=5 /></g>{uses}</defs><use href=#g{depth - 1} /></svg>")


def _frames(random: Random, site: Site) -> dict[str, object]:
    count = random.choice((50, 400))
    here = [""]
    here[0] = site.add(
        "<script>if (location.hash.length < 9) for (let n = 0; n < 3; n++) { const f ="
        " document.createElement('iframe'); f.src = location.pathname + '?' + Math.random() + location.hash + 'x';"
        " document.documentElement.append(f); }</script>"
    )
    return url(random.choice((site.add(f"<iframe src='{here[0]}'></iframe>" * count), f"{here[0]}#x")))


def _effect(random: Random, _: Site) -> dict[str, object]:
    return html(random.choice(_EFFECTS))


def _many_sheets(random: Random, _: Site) -> dict[str, object]:
    count = random.choice((2_000, 50_000))
    return html("<p style='break-after:page'>x</p>" * count, format="pdf", pdf={"footer": "<b class=pageNumber></b>"})


def _odd_print(random: Random, _: Site) -> dict[str, object]:
    pdf = random.choice(
        (
            {"margins": {"left": "30in"}},
            {"page_ranges": "99999"},
            {"page_ranges": "5-2"},
            {"header": "<script>while(true);</script><img src=http://169.254.169.254/>"},
            {"footer": "<div style='font-size:9999px'>x" * 500},
            {"css_page_size": True},
        )
    )
    page = "<style>@page{size:0.001in 9999in}</style><p>x"
    return html(page, format="pdf", pdf=pdf)


def _odd_size(random: Random, _: Site) -> dict[str, object]:
    size = random.choice(("1x1px", "400x400in", "0.01x400in", "399x0.1in"))
    return {"html": "<p>x", "size": size, "dpi": random.choice((10, 2_400))}


_EITHER = HARMLESS | DEMANDING
TEMPLATES = (
    Template("memory without end", _eater, DEMANDING, greedy=True),
    Template("a document of many elements", _many_elements, _EITHER, greedy=True),
    Template("elements in one another", _deep, _EITHER | {"page_unreachable"}, greedy=True),
    Template("a very wide page", _wide, _EITHER),
    Template("a very tall page", _tall, _EITHER, greedy=True),
    Template("a page that grows", _growing, _EITHER, greedy=True),
    Template("a canvas without bounds", _endless_canvas, _EITHER, greedy=True),
    Template("images far too large", _huge_image, _EITHER, greedy=True),
    Template("images that are none", _broken_image, HARMLESS),
    Template("entities of entities", _laughs, _EITHER, greedy=True),
    Template("drawings of drawings", _nested_uses, _EITHER, greedy=True),
    Template("frames in frames", _frames, _EITHER, greedy=True),
    Template("effects that are too much", _effect, _EITHER, greedy=True),
    Template("sheets without end", _many_sheets, _EITHER, greedy=True),
    Template("impossible ways to print", _odd_print, _EITHER | {"not_printable"}),
    Template("impossible sizes", _odd_size, _EITHER | {"too_large_for_format"}, greedy=True),
)
