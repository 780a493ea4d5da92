"""Which of a style's fonts a character takes: western, East Asian and complex scripts each have their own."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Slot: TypeAlias = Literal["ascii", "hAnsi", "eastAsia", "cs"]
Fonts: TypeAlias = Mapping[Slot, str]

_EAST_ASIAN = "\u1100-\u11ff\u2e80-\ud7ff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff"
_COMPLEX = "\u0590-\u109f\u1780-\u17ff\ufb1d-\ufdff\ufe70-\ufefe"
_CHARACTERS: tuple[tuple[Slot, re.Pattern[str]], ...] = (
    ("ascii", re.compile("[!-~]")),
    ("hAnsi", re.compile(rf"[^\s\0-\x7f{_EAST_ASIAN}{_COMPLEX}]")),
    ("eastAsia", re.compile(f"[{_EAST_ASIAN}]")),
    ("cs", re.compile(f"[{_COMPLEX}]")),
)


@dataclass(frozen=True)
class Asked:
    """Font families that a document asks for: `sure` by text that is there, `maybe` by what text may inherit."""

    sure: frozenset[str] = frozenset()
    maybe: frozenset[str] = frozenset()

    @property
    def all(self) -> frozenset[str]:
        """Both."""
        return self.sure | self.maybe


def slots(text: str) -> frozenset[Slot]:
    """The slots that a text's characters take their fonts from; none for white space, which shows no font."""
    if text.isascii():
        return frozenset() if text.isspace() or not text else frozenset({"ascii"})
    return frozenset(slot for slot, characters in _CHARACTERS if characters.search(text))


def fonts_for(text: str, fonts: Fonts) -> Iterable[str]:
    """The families that `fonts` has for a text."""
    return (fonts[slot] for slot in slots(text) if fonts.get(slot))
