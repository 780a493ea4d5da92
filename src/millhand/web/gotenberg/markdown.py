"""Markdown in a page: what `{{ toHTML "file.md" }}` stands for. Of Gotenberg's templates this is all that is done."""

import re
from collections.abc import Mapping

from markdown_it import MarkdownIt

from millhand.web.problems import Refused

_CALL = re.compile(r"""\{\{-?\s*toHTML\s+(?:"([^"\\]*)"|`([^`]*)`)\s*-?\}\}""")
_LONGEST = 300_000  # characters: it is read in this process, at worst in quadratic time


def page_of(template: str, texts: Mapping[str, str]) -> str:
    """The page with every Markdown file in its place; raises `Refused` (400) for one that did not come along.

    HTML within Markdown is shown as text: who lets others write Markdown must not let them write scripts.
    """
    wanted = dict.fromkeys(first or second for first, second in _CALL.findall(template))
    if missing := [name for name in wanted if name not in texts]:
        names = "; ".join(f"'{name[:100]}'" for name in missing)
        raise Refused(400, f"Markdown file(s) not found: {names}", code="invalid_request")
    if sum(len(texts[name]) for name in wanted) > _LONGEST:
        raise Refused(413, f"the Markdown has more than {_LONGEST:,} characters", code="too_large")
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    made = {name: reader.render(texts[name]) for name in wanted}
    return _CALL.sub(lambda found: made[found[1] or found[2] or ""], template)
