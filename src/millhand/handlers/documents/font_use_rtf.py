"""The fonts that the text of an RTF file asks for. Source: Rich Text Format 1.9.1, font table and font properties."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from millhand.handlers.documents.font_slots import Asked, Fonts, Slot, fonts_for

_BYTES = 8 << 20
_TOKEN = re.compile(
    r"\\(?:'(?P<hex>[0-9a-fA-F]{2})|(?P<word>[a-z]+)(?P<number>-?\d+)? ?|(?P<symbol>[^a-z]))"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)"
)
_NOT_TEXT = frozenset(
    {
        "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "themedata", "listtable", "listoverridetable",
        "fldinst", "revtbl", "rsidtbl", "filetbl", "bkmkstart", "bkmkend", "datafield", "xe", "tc", "pntext",
        "annotation",
    }
)  # fmt: skip
_SLOTS: dict[str, tuple[Slot, ...]] = {"loch": ("ascii",), "hich": ("hAnsi",), "dbch": ("eastAsia",), "rtlch": ("cs",)}
_ALL: tuple[Slot, ...] = ("ascii", "hAnsi", "eastAsia", "cs")


def asked_by_rtf(path: Path) -> Asked:
    """The families that the text of an RTF file asks for."""
    with path.open("rb") as file:
        content = file.read(_BYTES).decode("latin-1")
    reader = _Reader()
    for token in _TOKEN.finditer(content):
        reader.take(token)
    return Asked(sure=frozenset(reader.asked))


@dataclass(frozen=True)
class _State:
    """What holds inside a group: is it the font table, or no text at all; the fonts; which of them is set next."""

    table: bool = False
    silent: bool = False
    fonts: Fonts = field(default_factory=dict[Slot, str])
    slots: tuple[Slot, ...] = _ALL


class _Reader:
    """Goes through the tokens, and collects the families of those that are text."""

    def __init__(self) -> None:
        self.asked: set[str] = set()
        self._names: dict[str, str] = {}
        self._default = "0"
        self._current = "0"
        self._around: list[_State] = []
        self._state = _State()

    def take(self, token: re.Match[str]) -> None:
        match token["brace"], token["word"]:
            case "{", _:
                self._around.append(self._state)
            case "}", _:
                self._state = self._around.pop() if self._around else _State()
            case None, str(word):
                self._control(word, token["number"] or "")
            case _:
                self._text(token)

    def _control(self, word: str, number: str) -> None:
        match word:
            case "fonttbl":
                self._state = replace(self._state, table=True)
            case "deff":
                self._default = number
            case "f":
                self._font(number)
            case "plain":
                self._state = replace(self._state, fonts={}, slots=_ALL)
            case "u" if number:
                self._show(chr(int(number) % 0x10000))
            case _ if word in _SLOTS:
                self._state = replace(self._state, slots=_SLOTS[word])
            case _ if word in _NOT_TEXT:
                self._state = replace(self._state, silent=True)
            case _:
                return

    def _font(self, number: str) -> None:
        if self._state.table:
            self._current = number
        else:
            fonts = {**self._state.fonts, **dict.fromkeys(self._state.slots, number)}
            self._state = replace(self._state, fonts=fonts)

    def _text(self, token: re.Match[str]) -> None:
        if token["symbol"] == "*":
            self._state = replace(self._state, silent=True)
        elif self._state.table and not self._state.silent:
            self._names[self._current] = self._names.get(self._current, "") + (token["text"] or "")
        elif token["hex"]:
            self._show(bytes([int(token["hex"], 16)]).decode("cp1252", "replace"))
        elif token["text"]:
            self._show(token["text"])

    def _show(self, text: str) -> None:
        if self._state.silent or self._state.table:
            return
        numbers: Fonts = {**dict.fromkeys(_ALL, self._default), **self._state.fonts}
        names = (self._names.get(number, "").split(";")[0].strip() for number in fonts_for(text, numbers))
        self.asked.update(name for name in names if name)
