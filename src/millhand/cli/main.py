"""The program `millhand`: an interruption ends it in silence at any moment, be it while it is still being loaded."""

import os
import sys
from collections.abc import Sequence

_INTERRUPTED = 130
_CUT_OFF = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    try:
        from millhand.cli.program import run

        code = run(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return _INTERRUPTED
    if code == _CUT_OFF:
        # Else the interpreter tries once more to write what is left, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
