"""Short ways to write findings."""

from millhand.core.finding import Finding, Level


def ok(check_id: str, finding: str) -> Finding:
    """All is well."""
    return Finding(check_id, Level.OK, finding)


def warning(check_id: str, finding: str, fix: str) -> Finding:
    """It works, but somebody should look."""
    return Finding(check_id, Level.WARNING, finding, fix)


def error(check_id: str, finding: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(check_id, Level.ERROR, finding, fix)


def not_applicable(check_id: str, finding: str) -> Finding:
    """There is nothing to check here."""
    return Finding(check_id, Level.NOT_APPLICABLE, finding)
