"""Checks of the settings: where they came from, whether secrets are open to others, whether they fit together."""

import os
import stat
from collections.abc import Iterable

from millhand.config import check, describe
from millhand.core.finding import Finding
from millhand.doctor.findings import not_applicable, ok, warning
from millhand.doctor.patient import Patient

_OTHERS = stat.S_IRGRP | stat.S_IROTH


async def origins(patient: Patient) -> Iterable[Finding]:
    """How many settings were given, and where."""
    settings = patient.settings
    given = [fact.name for fact in describe() if settings.origin(fact.name) != "default"]
    place = f"; the file is {settings.file}" if settings.file else "; there is no settings file"
    words = f"not defaults are {', '.join(given)}" if given else "all are defaults"
    return [ok("config.parsed", f"The settings can be read: {words}{place}.")]


async def file_mode(patient: Patient) -> Iterable[Finding]:
    """Whether others can read secrets in the settings file."""
    check_id, settings = "config.secrets", patient.settings
    file = settings.file
    in_file = [fact.name for fact in describe() if fact.secret and str(file) in settings.origin(fact.name)]
    if file is None or not in_file or os.name == "nt":
        return [not_applicable(check_id, "No secret stands in a settings file.")]
    if file.stat().st_mode & _OTHERS:
        return [
            warning(
                check_id,
                f"Other users of this machine can read {', '.join(in_file)} in {file}.",
                f"Run `chmod 600 {file}`, or put the secret into the environment.",
            )
        ]
    return [ok(check_id, f"Only its owner can read {file}.")]


async def relations(patient: Patient) -> Iterable[Finding]:
    """The start-up checks: whether the settings and the limits of the kinds fit together."""
    return check(patient.settings, patient.app.registry if patient.app else ())
