"""The fonts that the text of a Word document asks for, by its runs, its styles, the defaults and the theme.

Source: ISO/IEC 29500-1, 17.3.2.26 (rFonts) and 17.7.2 (style hierarchy). Left out: bullets, formulas and drawings.
"""

import re
import zipfile
from dataclasses import dataclass, field

from millhand.handlers.documents.font_slots import Asked, Slot, fonts_for, slots
from millhand.handlers.documents.xml_walk import Attributes, walk

_CONTENT = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes)\.xml")
_THEME = re.compile(r"word/theme/theme\d+\.xml")
_FRAMES = frozenset({"w:p", "w:r", "w:tbl", "w:rPrChange", "w:pPrChange", "w:tblPrChange"})
_THEME_ATTRIBUTES: tuple[tuple[Slot, str], ...] = (
    ("ascii", "w:asciiTheme"),
    ("hAnsi", "w:hAnsiTheme"),
    ("eastAsia", "w:eastAsiaTheme"),
    ("cs", "w:cstheme"),
)
_SCRIPTS = {"EastAsia": "a:ea", "Bidi": "a:cs"}
_OFF = frozenset({"0", "false", "off"})


def asked_by_word(package: zipfile.ZipFile) -> Asked:
    """The families that the text of a Word document asks for."""
    names = package.namelist()
    theme = _Theme()
    for name in filter(_THEME.fullmatch, names):
        walk(package, name, theme)
    styles = _Styles(theme)
    walk(package, "word/styles.xml", styles)
    text = _Text(styles)
    for name in filter(_CONTENT.fullmatch, names):
        walk(package, name, text)
    return Asked(sure=frozenset(text.asked), maybe=frozenset(text.perhaps))


class _Theme:
    """The theme's fonts by the names that documents have for them, such as majorHAnsi."""

    def __init__(self) -> None:
        self._faces: dict[tuple[str, str], str] = {}
        self._kind = ""

    def start(self, name: str, attributes: Attributes) -> None:
        if name in {"a:majorFont", "a:minorFont"}:
            self._kind = name[2:7]
        elif name in {"a:latin", "a:ea", "a:cs"} and self._kind:
            self._faces[self._kind, name] = attributes.get("typeface", "")

    def end(self, name: str) -> None:
        if name in {"a:majorFont", "a:minorFont"}:
            self._kind = ""

    def text(self, text: str) -> None: ...

    def named(self, attributes: Attributes) -> dict[Slot, str]:
        """The fonts that an `rFonts` element names; those of the theme come first."""
        named: dict[Slot, str] = {}
        for slot, of_theme in _THEME_ATTRIBUTES:
            by_theme = attributes.get(of_theme)
            family = self._of(by_theme) if by_theme else attributes.get(f"w:{slot}")
            if family:
                named[slot] = family
        return named

    def _of(self, name: str) -> str:
        return self._faces.get((name[:5], _SCRIPTS.get(name[5:], "a:latin")), "")


@dataclass
class _Style:
    based_on: str | None = None
    fonts: dict[Slot, str] = field(default_factory=dict[Slot, str])


class _Styles:
    """The styles with the fonts that they name."""

    def __init__(self, theme: _Theme) -> None:
        self.theme = theme
        self.paragraph: str | None = None
        self.defaults: dict[Slot, str] = {}
        self._styles: dict[str, _Style] = {}
        self._path: list[str] = []
        self._current = _Style()

    def start(self, name: str, attributes: Attributes) -> None:
        self._path.append(name)
        match name:
            case "w:style":
                self._begin(attributes)
            case "w:basedOn":
                self._current.based_on = attributes.get("w:val")
            case "w:rFonts" if self._path[-3:-1] == ["w:style", "w:rPr"]:
                self._current.fonts = self.theme.named(attributes)
            case "w:rFonts" if self._path[-3:-1] == ["w:rPrDefault", "w:rPr"]:
                self.defaults = self.theme.named(attributes)
            case _:
                pass

    def end(self, name: str) -> None:  # noqa: ARG002 - the parser sees to it that elements nest
        self._path.pop()

    def text(self, text: str) -> None: ...

    def fonts_of(self, style: str | None) -> dict[Slot, str]:
        """The fonts of a style and of those that it is based on."""
        chain: list[_Style] = []
        while style in self._styles and self._styles[style] not in chain:
            chain.append(self._styles[style])
            style = chain[-1].based_on
        return {slot: family for one in reversed(chain) for slot, family in one.fonts.items()}

    def _begin(self, attributes: Attributes) -> None:
        name = attributes.get("w:styleId", "")
        self._current = self._styles[name] = _Style()
        if attributes.get("w:type") == "paragraph" and attributes.get("w:default", "0") not in _OFF:
            self.paragraph = name


@dataclass
class _Frame:
    """A paragraph, run or table under way, or the former formatting of a tracked change, which does not count."""

    kind: str
    style: str | None = None
    fonts: dict[Slot, str] = field(default_factory=dict[Slot, str])
    complex: bool = False
    hidden: bool = False


class _Text:
    """Collects the families of all text that shows."""

    def __init__(self, styles: _Styles) -> None:
        self.asked: set[str] = set()
        self.perhaps: set[str] = set()
        self._styles = styles
        self._frames: list[_Frame] = [_Frame("")]
        self._in_text = False

    def start(self, name: str, attributes: Attributes) -> None:
        if name in _FRAMES:
            self._frames.append(_Frame(name))
            return
        top = self._frames[-1]
        match name, top.kind:
            case ("w:pStyle", "w:p") | ("w:rStyle", "w:r") | ("w:tblStyle", "w:tbl"):
                top.style = attributes.get("w:val")
            case "w:rFonts", "w:r":
                top.fonts = self._styles.theme.named(attributes)
            case (("w:rtl" | "w:cs"), "w:r"):
                top.complex = attributes.get("w:val", "1") not in _OFF
            case "w:vanish", "w:r":
                top.hidden = attributes.get("w:val", "1") not in _OFF
            case "w:sym", "w:r":
                self.asked.add(attributes.get("w:font", ""))
            case (("w:t" | "w:delText"), "w:r"):
                self._in_text = True
            case _:
                pass

    def end(self, name: str) -> None:
        if name in _FRAMES:
            self._frames.pop()
        self._in_text = False

    def text(self, text: str) -> None:
        run = self._frames[-1]
        if not self._in_text or run.hidden:
            return
        fonts = self._fonts()
        if run.complex and slots(text):
            # LibreOffice goes by the letters all the same, and takes another font for those of another script.
            self.asked.add(fonts.get("cs", ""))
            self.perhaps |= set(fonts_for(text, fonts))
        else:
            self.asked |= set(fonts_for(text, fonts))

    def _fonts(self) -> dict[Slot, str]:
        styles, run = self._styles, self._frames[-1]
        return {
            **styles.defaults,
            **styles.fonts_of(self._nearest("w:tbl")),
            **styles.fonts_of(self._nearest("w:p") or styles.paragraph),
            **styles.fonts_of(run.style),
            **run.fonts,
        }

    def _nearest(self, kind: str) -> str | None:
        return next((frame.style for frame in reversed(self._frames) if frame.kind == kind), None)
