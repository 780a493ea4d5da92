"""What was measured: contenders, measures, repeated values; as tables of medians and of ratios, and as JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench import table
from bench.statistics import Better, Spread, advantage


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that is measured: its name, its unit, and which way is better."""

    name: str
    unit: str
    better: Better

    @property
    def title(self) -> str:
        """Its name with its unit, for the head of a column."""
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Contender:
    """Who is measured. `against` names the contender of ours that promises the same, with which the ratios compare."""

    name: str
    settings: str
    against: str | None = None


@dataclass(slots=True)
class Results:
    """All values of one bench, by contender and measure; contenders that could not run, with the reason."""

    title: str
    measures: Sequence[Measure]
    contenders: list[Contender] = field(default_factory=list["Contender"])
    values: dict[tuple[str, str], list[float]] = field(default_factory=dict[tuple[str, str], list[float]])
    absent: dict[str, str] = field(default_factory=dict[str, str])
    notes: list[str] = field(default_factory=list[str])

    def add(self, contender: Contender, measured: Mapping[str, float]) -> None:
        """Take in the values of one repeat, by the names of their measures."""
        if contender not in self.contenders:
            self.contenders.append(contender)
        for name, value in measured.items():
            self.values.setdefault((contender.name, name), []).append(value)

    def spread(self, contender: str, measure: str) -> Spread | None:
        """What was measured of a contender, or None."""
        values = self.values.get((contender, measure))
        return Spread.of(values) if values else None

    def ratio(self, contender: Contender, measure: Measure) -> float | None:
        """How many times better ours is than this contender, or None if one of them lacks the measure."""
        if contender.against is None:
            return None
        ours, theirs = self.spread(contender.against, measure.name), self.spread(contender.name, measure.name)
        if ours is None or theirs is None:
            return None
        return advantage(ours.median, theirs.median, measure.better)

    def markdown(self) -> str:
        """The bench as a section of a page."""
        parts = [f"## {self.title}\n"]
        if self.contenders:
            parts += [self._medians(), self._ratios(), self._settings()]
        parts += [f"Not measured: {name} ({reason}).\n" for name, reason in self.absent.items()]
        parts += [f"{note}\n" for note in self.notes]
        return "\n".join(parts)

    def as_json(self) -> dict[str, Any]:
        """All values, for programs."""
        return {
            "title": self.title,
            "measures": [{"name": one.name, "unit": one.unit, "better": one.better} for one in self.measures],
            "contenders": [self._contender_as_json(one) for one in self.contenders],
            "absent": self.absent,
            "notes": self.notes,
        }

    def _contender_as_json(self, contender: Contender) -> dict[str, Any]:
        return {
            "name": contender.name,
            "settings": contender.settings,
            "against": contender.against,
            "values": {name: values for (owner, name), values in self.values.items() if owner == contender.name},
            "ratios": {one.name: value for one in self.measures if (value := self.ratio(contender, one)) is not None},
        }

    def _medians(self) -> str:
        rows = [
            [one.name, *(table.spread(self.spread(one.name, measure.name)) for measure in self.measures)]
            for one in self.contenders
        ]
        return table.markdown(["median (min-max)", *(one.title for one in self.measures)], rows)

    def _ratios(self) -> str:
        peers = [one for one in self.contenders if one.against is not None]
        if not peers:
            return ""
        rows = [[one.name, str(one.against), *self._ratios_of(one)] for one in peers]
        lead = "How many times better millhand is, by the medians (below 1: worse):\n\n"
        return lead + table.markdown(["ratio", "compared with", *(one.name for one in self.measures)], rows)

    def _ratios_of(self, contender: Contender) -> Iterable[str]:
        return (table.ratio(self.ratio(contender, measure)) for measure in self.measures)

    def _settings(self) -> str:
        return "".join(f"- {one.name}: {one.settings}\n" for one in self.contenders if one.settings)
