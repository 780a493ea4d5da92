"""Telling a bad document from a sick engine: after a failure a canary is converted, and a sick engine is replaced.

Without this a LibreOffice that is being upgraded, or whose disk is full, would have good documents discarded.
"""

from collections.abc import Callable

from millhand.core.context import JobLog
from millhand.core.errors import EngineFailed
from millhand.engines.soffice.engine import Soffice
from millhand.engines.soffice.errors import DocumentFailed, DocumentUnreadable
from millhand.engines.soffice.values import Conversion


def watched(engine: Soffice, log: JobLog, convert: Callable[[], Conversion]) -> Conversion:
    """Convert, and look after the engine if that went wrong.

    Raises what `convert` raises; EngineFailed, to be tried again, if the engine fails with a canary too.
    """
    try:
        done = convert()
    except (DocumentFailed, DocumentUnreadable, EngineFailed) as error:
        reason = _sickness(engine, log)
        if reason is not None:
            raise EngineFailed(f"LibreOffice fails with a test document too: {reason}") from error
        raise
    if done.first_failure is not None:
        log.warning("the warm engine failed; a cold one made it", reason=done.first_failure)
        _sickness(engine, log)
    return done


def _sickness(engine: Soffice, log: JobLog) -> str | None:
    """Why no engine converts a canary; None if one does. Replaces an engine that does not."""
    health = engine.check()
    if health.detail:
        log.warning("the engine fails with a test document too; it is replaced", reason=health.detail)
        engine.renew()
    return None if health.healthy else health.detail
