"""How the limits of a kind must fit the settings: one rule for each relation, in the order in which they are told."""

from collections.abc import Callable, Sequence

from millhand.config.settings import Settings
from millhand.core.finding import Finding, Level, verdict
from millhand.core.limits import MIB
from millhand.core.registry import Kind

_LONG_WAIT = 86_400.0
_CONVERTING_KIND = "document.convert"


def _soft_and_hard(_settings: Settings, kind: Kind) -> Finding:
    limits = kind.limits
    if limits.soft is None:
        return Finding(f"kind.{kind.name}.soft", Level.NOT_APPLICABLE, f"{kind.name} has no soft limit.")
    return verdict(
        f"kind.{kind.name}.soft",
        Level.ERROR,
        holds=limits.soft < limits.hard,
        good=f"{kind.name} is asked to stop after {limits.soft:g} s and killed after {limits.hard:g} s.",
        bad=f"{kind.name} is killed after {limits.hard:g} s, before it is asked to stop after {limits.soft:g} s.",
        fix="Lower its soft limit.",
    )


def _hard_and_grace(settings: Settings, kind: Kind) -> Finding:
    grace = settings.worker.grace
    return verdict(
        f"kind.{kind.name}.grace",
        Level.OK,  # most kinds may run longer than anybody wants to wait for a worker, and lose nothing by it
        holds=kind.limits.hard <= grace,
        good=f"Every job of {kind.name} ends within the grace time.",
        bad=f"{kind.name} may run {kind.limits.hard:g} s; a stopping worker interrupts it after {grace:g} s, and it "
        "runs again, uncharged.",
        fix="",
    )


def _retry_waits(_settings: Settings, kind: Kind) -> Finding:
    policy = kind.retry
    longest = max((policy.delay(failures, 1.0) for failures in range(1, policy.max_attempts)), default=0.0)
    return verdict(
        f"kind.{kind.name}.retry",
        Level.WARNING,
        holds=longest <= _LONG_WAIT,
        good=f"A failed job of {kind.name} waits at most {longest:g} s before it is tried again.",
        bad=f"A failed job of {kind.name} waits up to {longest / 3600:g} hours before it is tried again.",
        fix="Lower the cap of its retry policy.",
    )


def _engine_and_hard(settings: Settings, kind: Kind) -> Finding:
    check_id = f"kind.{kind.name}.engine"
    if kind.name != _CONVERTING_KIND:
        return Finding(check_id, Level.NOT_APPLICABLE, f"{kind.name} has no engine with limits of its own.")
    engine, limits = settings.libreoffice, kind.limits
    return verdict(
        check_id,
        Level.ERROR,
        holds=engine.seconds < limits.hard and (limits.memory is None or engine.memory * MIB < limits.memory),
        good=f"LibreOffice is stopped after {engine.seconds:g} s or at {engine.memory} MiB, before its executor is.",
        bad=f"LibreOffice may take {engine.seconds:g} s and {engine.memory} MiB, but its executor is killed after "
        f"{limits.hard:g} s or at {(limits.memory or 0) // MIB} MiB, and the job counts as crashed.",
        fix="Lower libreoffice.seconds and libreoffice.memory below the limits of the kind.",
    )


RULES: Sequence[Callable[[Settings, Kind], Finding]] = (_soft_and_hard, _hard_and_grace, _retry_waits, _engine_and_hard)
