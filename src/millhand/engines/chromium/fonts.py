"""Which fonts a page is really shown in: what its styles ask for may be missing."""

from typing import Any, cast

from millhand.engines.chromium import cdp
from millhand.engines.chromium.protocol import PageProtocol
from millhand.engines.chromium.values import FontUse

# Of each way to set text (family, weight, style), a few elements that hold such text; fonts also go by script.
_SAMPLES = """(() => {
  const found = new Map(), texts = document.createTreeWalker(document, NodeFilter.SHOW_TEXT);
  for (let looked = 0, text; looked < 3000 && (text = texts.nextNode()); looked++) {
    const element = text.parentElement;
    if (!element || !text.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element), script = /[^\\u0000-\\u024f\\u2000-\\u206f]/.test(text.data);
    const key = [style.fontFamily, style.fontWeight, style.fontStyle, script].join();
    if (!found.has(key)) found.set(key, element);
  }
  return [...found.values()].slice(0, 40);
})()"""


async def used(page: PageProtocol) -> tuple[FontUse, ...]:
    """The fonts of the page's text, most used first; of a very long page, those of its beginning."""
    session = page.session
    told = {"expression": _SAMPLES, "contextId": await page.own_world()}
    answer = await cdp.send(session, "Runtime.evaluate", told)
    handle = answer["result"].get("objectId")
    if handle is None:
        return ()
    await cdp.send(session, "DOM.enable")
    await cdp.send(session, "CSS.enable")
    await cdp.send(session, "DOM.getDocument", {"depth": 0})
    counts: dict[FontUse, float] = {}
    for element in await _elements(page, str(handle)):
        node = await cdp.send(session, "DOM.requestNode", {"objectId": element})
        told = await cdp.send(session, "CSS.getPlatformFontsForNode", {"nodeId": node["nodeId"]})
        for font in cast("list[dict[str, Any]]", told["fonts"]):
            use = FontUse(str(font["familyName"]), bool(font["isCustomFont"]))
            counts[use] = counts.get(use, 0) + float(font["glyphCount"])
    await cdp.send(session, "CSS.disable")
    await cdp.send(session, "DOM.disable")
    return tuple(sorted(counts, key=lambda use: -counts[use]))


async def _elements(page: PageProtocol, handle: str) -> list[str]:
    told = await cdp.send(page.session, "Runtime.getProperties", {"objectId": handle, "ownProperties": True})
    listed = cast("list[dict[str, Any]]", told["result"])
    return [str(entry["value"]["objectId"]) for entry in listed if entry["name"].isdigit()]
