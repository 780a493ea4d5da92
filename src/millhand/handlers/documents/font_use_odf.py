"""The fonts that the text of an OpenDocument file asks for, by the styles of the elements around it.

Source: OpenDocument 1.3 part 3, 16 (styles) and 20.267 (style:font-name). Left out: a sheet's columns' own styles.
"""

import zipfile
from collections.abc import Mapping

from millhand.handlers.documents.font_slots import Asked, Slot, fonts_for
from millhand.handlers.documents.xml_walk import Attributes, walk

_FONT_NAMES: tuple[tuple[str, tuple[Slot, ...]], ...] = (
    ("", ("ascii", "hAnsi")),
    ("-asian", ("eastAsia",)),
    ("-complex", ("cs",)),
)
_STYLE_NAMES = (
    ("table:style-name", "table-cell"),
    ("draw:style-name", "graphic"),
    ("presentation:style-name", "presentation"),
    ("draw:text-style-name", "paragraph"),
)
_INSIDE_TEXT = frozenset({"text:span", "text:a"})
_PARAGRAPHS = frozenset({"text:p", "text:h"})
_DEFAULTS = ("graphic", "paragraph", "table-cell")


def asked_by_odf(package: zipfile.ZipFile) -> Asked:
    """The families that the text of an OpenDocument file asks for."""
    seen = _Document()
    for part in ("styles.xml", "content.xml"):
        walk(package, part, seen)
    return Asked(sure=frozenset(seen.asked))


class _Style:
    def __init__(self, family: str, parent: str | None) -> None:
        self.family = family
        self.parent = parent
        self.fonts: dict[Slot, str] = {}


class _Document:
    """Learns faces and styles, which stand before the text, and collects the families of the text."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self._faces: dict[str, str] = {}
        self._styles: dict[tuple[str, str], _Style] = {}
        self._defaults: dict[str, _Style] = {}
        self._learning: _Style | None = None
        self._around: list[Mapping[Slot, str]] = []
        self._paragraphs = 0
        self._comments = 0

    def start(self, name: str, attributes: Attributes) -> None:
        match name:
            case "style:font-face":
                self._faces[attributes.get("style:name", "")] = attributes.get("svg:font-family", "")
            case "style:style":
                self._learning = _Style(attributes.get("style:family", ""), attributes.get("style:parent-style-name"))
                self._styles[self._learning.family, attributes.get("style:name", "")] = self._learning
            case "style:default-style":
                self._learning = _Style(attributes.get("style:family", ""), None)
                self._defaults[self._learning.family] = self._learning
            case "style:text-properties" if self._learning is not None:
                self._learning.fonts = self._named(attributes)
            case _:
                self._paragraphs += name in _PARAGRAPHS
                self._comments += name == "office:annotation"
        self._around.append(self._inside(name, attributes))

    def end(self, name: str) -> None:
        self._around.pop()
        self._paragraphs -= name in _PARAGRAPHS
        self._comments -= name == "office:annotation"
        if name in {"style:style", "style:default-style"}:
            self._learning = None

    def text(self, text: str) -> None:
        if self._paragraphs and not self._comments:
            fonts: dict[Slot, str] = {}
            for family in _DEFAULTS:
                fonts |= self._of_default(family)
            self.asked |= set(fonts_for(text, {**fonts, **self._around[-1]}))

    def _named(self, attributes: Attributes) -> dict[Slot, str]:
        named: dict[Slot, str] = {}
        for suffix, slots in _FONT_NAMES:
            face = self._faces.get(attributes.get(f"style:font-name{suffix}", ""), "")
            family = face or attributes.get(f"fo:font-family{suffix}", "")
            named |= {slot: family for slot in slots if family}
        return named

    def _inside(self, name: str, attributes: Attributes) -> Mapping[Slot, str]:
        """The fonts for what is inside an element: those of its styles, over those for the element around it."""
        fonts: Mapping[Slot, str] = self._around[-1] if self._around else {}
        of_text = attributes.get("text:style-name")
        if of_text is not None:
            return {**fonts, **self._fonts_of("text" if name in _INSIDE_TEXT else "paragraph", of_text)}
        for attribute, family in _STYLE_NAMES:
            if attribute in attributes:
                fonts = {**fonts, **self._fonts_of(family, attributes[attribute])}
        return fonts

    def _fonts_of(self, family: str, name: str | None) -> dict[Slot, str]:
        """The fonts of a style and of its parents."""
        chain: list[_Style] = []
        while name is not None and (found := self._styles.get((family, name))) is not None and found not in chain:
            chain.append(found)
            name = found.parent
        return {slot: font for one in reversed(chain) for slot, font in one.fonts.items()}

    def _of_default(self, family: str) -> dict[Slot, str]:
        found = self._defaults.get(family)
        return found.fonts if found is not None else {}
