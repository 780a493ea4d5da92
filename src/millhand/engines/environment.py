"""The environment that outside programs inherit: this process's own, without what they must not know."""

import os
from collections.abc import Mapping

from millhand.core.redact import is_secret, redact_text

_OWN = "MILLHAND_"


def inherited() -> dict[str, str]:
    """This process's environment without millhand's settings and without secrets.

    What a program does not know, no document can get out of it.
    """
    return without_secrets(os.environ)


def without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    """Those whose names and values tell no secret: no passwords, tokens, keys, and no URLs that have one inside."""
    return {name: value for name, value in variables.items() if not _is_private(name, value)}


def _is_private(name: str, value: str) -> bool:
    return name.startswith(_OWN) or is_secret(name, value) or redact_text(value) != value
