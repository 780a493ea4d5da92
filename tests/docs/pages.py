"""The pages of the documentation, and what is in them: code blocks, headings, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_WRITTEN = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
PAGES = sorted(page for page in _WRITTEN if "node_modules" not in page.parts)

_FENCE = re.compile(r"^```(.*)$")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$")
_LINK = re.compile(r"(?<!\\)!?\[(?:[^\]\\]|\\.)*\]\(([^()\s]+(?:\([^()]*\))?)\)")
_NO_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the language, the words after it, its text, and the line at which it begins."""

    language: str
    words: tuple[str, ...]
    text: str
    line: int

    def value(self, name: str) -> str | None:
        """The value of a word such as `file=letters.py`."""
        return next((word.partition("=")[2] for word in self.words if word.startswith(f"{name}=")), None)


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [block for block in _parts(page.read_text(encoding="utf-8")) if isinstance(block, Block)]


def headings(page: Path) -> list[str]:
    """The headings of a page, without their marks."""
    return [match[1].replace("`", "") for line in _prose(page) if (match := _HEADING.match(line))]


def anchors(page: Path) -> set[str]:
    """What a link to a place in this page may name, by the rule that GitHub follows."""
    found: dict[str, int] = {}
    names: set[str] = set()
    for heading in headings(page):
        slug = _NO_SLUG.sub("", heading.lower()).replace(" ", "-")
        count = found.get(slug, 0)
        found[slug] = count + 1
        names.add(f"{slug}-{count}" if count else slug)
    return names


def links(page: Path) -> list[str]:
    """Where the links of a page lead."""
    return [target for line in _prose(page) for target in _LINK.findall(re.sub(r"`[^`]*`", "", line))]


def _prose(page: Path) -> list[str]:
    return [part for part in _parts(page.read_text(encoding="utf-8")) if isinstance(part, str)]


def _parts(text: str) -> Iterator[Block | str]:
    """Lines of prose, and blocks."""
    opened: tuple[str, int] | None = None
    inside: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        fence = _FENCE.match(line)
        if opened is None and fence is None:
            yield line
        elif opened is None and fence is not None:
            opened, inside = (fence[1], number), []
        elif opened is not None and line == "```":
            language, *words = opened[0].split() or [""]
            yield Block(language, tuple(words), "\n".join(inside) + "\n", opened[1])
            opened = None
        else:
            inside.append(line)
