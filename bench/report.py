"""One run as a page and as JSON: what was measured, on which machine, how busy it was before and after."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import Load
from bench.results import Results

FOLDER = Path(__file__).parent / "results"
_LATEST = "latest.md"


@dataclass(frozen=True, slots=True)
class Report:
    """A run of the bench. `size` is `full` or `quick`."""

    size: str
    moment: datetime
    machine: dict[str, str]
    before: Load
    after: Load
    sections: Sequence[Results]

    def markdown(self) -> str:
        """The page."""
        facts = "; ".join(self.machine.values())
        parts = [
            f"# Benchmarks, {self.moment:%Y-%m-%d %H:%M} UTC, {self.size}\n",
            f"{facts}.\n",
            f"Before: {self.before}. After: {self.after}.\n",
        ]
        if not self.before.quiet:
            parts.append("**The machine was not quiet: the numbers are lower than they could be.**\n")
        return "\n".join([*parts, *(section.markdown() for section in self.sections)])

    def as_json(self) -> str:
        """The same for programs, with every value."""
        content = {
            "size": self.size,
            "moment": self.moment.isoformat(timespec="seconds"),
            "machine": self.machine,
            "load_before": asdict(self.before),
            "load_after": asdict(self.after),
            "sections": [section.as_json() for section in self.sections],
        }
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    def write(self, folder: Path) -> list[Path]:
        """Write the dated page, its JSON, and the latest page; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        dated = folder / f"{self.moment:%Y-%m-%d}-{self.size}.md"
        written = [dated, dated.with_suffix(".json"), folder / _LATEST]
        for path, text in zip(written, (self.markdown(), self.as_json(), self.markdown()), strict=True):
            path.write_text(text, encoding="utf-8")
        return written


def now() -> datetime:
    """The moment, for the head of the page."""
    return datetime.now(UTC)
