"""Start-up checks: whether settings and the limits of the kinds fit together. Nothing outside the process is asked."""

from collections.abc import Iterable

from millhand.config import kind_rules, setting_rules
from millhand.config.settings import Settings
from millhand.core.errors import ConfigError
from millhand.core.finding import Finding, Level
from millhand.core.registry import Kind


def check(settings: Settings, kinds: Iterable[Kind] = ()) -> list[Finding]:
    """One finding for each relation; an error is one with which a worker must not start."""
    handled = sorted(kinds, key=lambda kind: kind.name)
    found = [rule(settings) for rule in setting_rules.RULES]
    return [*found, *(rule(settings, kind) for kind in handled for rule in kind_rules.RULES)]


def refuse_contradictions(settings: Settings, kinds: Iterable[Kind]) -> None:
    """Raise `ConfigError` that says which settings a worker must not start with, if there are any."""
    errors = [finding for finding in check(settings, kinds) if finding.level is Level.ERROR]
    if errors:
        said, fixes = zip(*((one.finding, one.fix) for one in errors), strict=True)
        raise ConfigError("\n".join(said), hint=" ".join(fixes))
