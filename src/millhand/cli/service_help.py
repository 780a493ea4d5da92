"""What a service is told, for `--help` behind its name and for `services show`."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from millhand.services.service import Service

_HELP = frozenset({"--help", "-h"})
_COMMANDS = frozenset({"worker", "up"})
_WIDTH = 100


def named(arguments: Sequence[str]) -> "Service[Any] | None":
    """The service whose help is asked for, as in `worker page-export --help`."""
    if not _HELP.intersection(arguments) or not _COMMANDS.intersection(arguments):
        return None
    from millhand.services.catalogue import SERVICES, find

    name = next((argument for argument in arguments if argument in SERVICES), None)
    return find(name) if name else None


def lines_of(service: "Service[Any]") -> list[str]:
    """Its summary, and each variable with its meaning, as lines of help."""
    import textwrap

    facts = service.settings.describe()
    width = max(len(fact.env) for fact in facts) + 4
    lines = ["", f"Service {service.name}: {service.summary}", "", "Variables:"]
    for fact in facts:
        text = f"{fact.help}{f' [default: {fact.default}]' if fact.default else ''}"
        wrapped = textwrap.wrap(text, _WIDTH - width)
        lines.append(f"  {fact.env:<{width - 2}}{wrapped[0]}")
        lines += [" " * width + line for line in wrapped[1:]]
    return lines
