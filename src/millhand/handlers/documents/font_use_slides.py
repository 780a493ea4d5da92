"""The fonts that the text of a presentation asks for.

Text without a font of its own inherits one from placeholders, layouts, masters and themes; which, only the program that
draws it knows, so all that these name are `maybe`. Source: ISO/IEC 29500-1, 21.1.2 (text) and 20.1.4.1 (fonts).
"""

import re
import zipfile

from millhand.handlers.documents.font_slots import Asked, Slot, slots
from millhand.handlers.documents.xml_walk import Attributes, walk

_SLIDE = re.compile(r"ppt/slides/[^/]+\.xml")
_MASTER = re.compile(r"ppt/slide(?:Master|Layout)s/[^/]+\.xml")
_THEME = re.compile(r"ppt/theme/theme\d+\.xml")
_RUNS = frozenset({"a:r", "a:fld"})
_SLOTS: dict[str, tuple[Slot, ...]] = {"a:latin": ("ascii", "hAnsi"), "a:ea": ("eastAsia",), "a:cs": ("cs",)}
_THEME_FONTS = {"a:majorFont": "+mj", "a:minorFont": "+mn"}


def asked_by_slides(package: zipfile.ZipFile) -> Asked:
    """The families that the text of the slides asks for."""
    names = package.namelist()
    text, masters, theme = _Text(), _Latin(), _Latin()
    for name in filter(_SLIDE.fullmatch, names):
        walk(package, name, text)
    for name in filter(_MASTER.fullmatch, names) if text.inherits else ():
        walk(package, name, masters)
    for name in filter(_THEME.fullmatch, names):
        walk(package, name, theme)
    sure = {theme.named.get(family, family) for family in text.asked}
    return Asked(sure=frozenset(sure), maybe=frozenset(masters.families(theme)))


class _Text:
    """Collects the families that text has of its own, and whether some has none."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self.inherits = False
        self._own: dict[Slot, str] | None = None
        self._in_text = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name in _RUNS:
            self._own = {}
        elif name in _SLOTS and self._own is not None:
            self._own |= dict.fromkeys(_SLOTS[name], attributes.get("typeface", ""))
        self._in_text = name == "a:t"

    def end(self, name: str) -> None:
        self._in_text = False
        if name in _RUNS:
            self._own = None

    def text(self, text: str) -> None:
        if not self._in_text or self._own is None:
            return
        for slot in slots(text):
            family = self._own.get(slot, "")
            self.inherits |= not family
            self.asked.add(family)


class _Latin:
    """Collects western fonts: those of a theme by name, all others as they come."""

    def __init__(self) -> None:
        self.named: dict[str, str] = {}
        self._others: set[str] = set()
        self._kind = ""

    def start(self, name: str, attributes: Attributes) -> None:
        if name in _THEME_FONTS:
            self._kind = _THEME_FONTS[name]
        elif name in _SLOTS and self._kind:
            self.named.setdefault(f"{self._kind}-{_short(name)}", attributes.get("typeface", ""))
        elif name == "a:latin":
            self._others.add(attributes.get("typeface", ""))

    def end(self, name: str) -> None:
        if name in _THEME_FONTS:
            self._kind = ""

    def text(self, text: str) -> None: ...

    def families(self, theme: "_Latin") -> set[str]:
        """All of them, with the theme's own for its names."""
        return {theme.named.get(family, family) for family in self._others}


def _short(name: str) -> str:
    return {"a:latin": "lt", "a:ea": "ea", "a:cs": "cs"}[name]
