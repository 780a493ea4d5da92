"""Findings of checks on the screen: a sign, what was found, and what to do about it."""

from collections import Counter
from collections.abc import Sequence

from millhand.cli.output import Output
from millhand.core.finding import Finding, Level
from millhand.core.words import count_of

SIGNS = {Level.OK: "✔", Level.WARNING: "⚠", Level.ERROR: "✖", Level.NOT_APPLICABLE: "\N{EN DASH}"}
_COLOURS = {Level.OK: "green", Level.WARNING: "yellow", Level.ERROR: "red", Level.NOT_APPLICABLE: "bright_black"}


def show_findings(output: Output, findings: Sequence[Finding]) -> bool:
    """Write the findings, and a line that sums them up; whether one of them is an error."""
    for finding in findings:
        if output.json:
            output.record(finding)
        elif output.on_terminal:
            output.data(_for_people(output, finding))
        else:
            output.data(f"{finding.level}\t{finding.id}\t{finding.finding}\t{finding.fix}")
    output.say(summary(findings))
    return any(finding.level is Level.ERROR for finding in findings)


def summary(findings: Sequence[Finding]) -> str:
    """How many of each there are, in words."""
    counts = Counter(finding.level for finding in findings)
    words = [
        count_of(counts[level], name)
        for level, name in ((Level.ERROR, "error"), (Level.WARNING, "warning"))
        if counts[level]
    ]
    return f"{count_of(len(findings), 'check')}: {', '.join(words) or 'all is well'}."


def _for_people(output: Output, finding: Finding) -> str:
    sign = output.coloured(SIGNS[finding.level], _COLOURS[finding.level], output.stdout)
    fix = f"\n    → {finding.fix}" if finding.fix and finding.level in (Level.WARNING, Level.ERROR) else ""
    return f"{sign} {finding.id}: {finding.finding}{fix}"
