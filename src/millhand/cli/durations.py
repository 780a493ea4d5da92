"""Durations on the command line: `90`, `30s`, `5m`, `2h`, `7d`."""

from millhand.core.errors import UsageError


def as_seconds(text: str | None) -> float | None:
    """Seconds from an option's text, None if it was not given; raises `UsageError`."""
    from millhand.config.units import parse_duration

    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(str(error), hint="Write it as 90, 30s, 5m, 2h or 7d.") from None
