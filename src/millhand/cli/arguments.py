"""Global options may stand anywhere on the command line: here they are moved in front, where the parser wants them."""

from collections.abc import Sequence

SWITCHES = frozenset({"--json", "--quiet", "-q", "--verbose", "-v", "--no-input"})
WITH_VALUE = frozenset({"--config", "--database", "--app", "--env-file"})


def globals_first(arguments: Sequence[str]) -> list[str]:
    """The same arguments, the global options in front; what comes after `--` stays as it is."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in SWITCHES or (argument.partition("=")[0] in WITH_VALUE and "=" in argument):
            front.append(argument)
        elif argument in WITH_VALUE:
            front += [argument, *[value for value in [next(waiting, None)] if value is not None]]
        else:
            rest.append(argument)
    return [*front, *rest]
