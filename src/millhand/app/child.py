"""The program of an executor process: load the app and serve the pipe. Started by a dispatcher, never by hand."""

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from millhand.core.errors import MillhandError
from millhand.core.failure import failure_of
from millhand.telemetry.logging import LogFormat, LogOptions, configure_logging
from millhand.worker.executor.child import Child, Work
from millhand.worker.executor.link import take_stdio
from millhand.worker.lifeline import hang_on
from millhand.worker.messages import Failed, frame

_CANT_LOAD = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until the dispatcher says to exit; returns the exit code."""
    options = _parser().parse_args(arguments)
    if options.lifeline is not None:
        hang_on(options.lifeline)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    incoming, outgoing = take_stdio()
    try:
        work = _work(options)
    except MillhandError as error:
        os.write(outgoing, frame([Failed(failure_of(error))]))
        return _CANT_LOAD
    asyncio.run(_serve(work, incoming, outgoing))
    return 0


async def _serve(work: Work, incoming: int, outgoing: int) -> None:
    await Child(work, incoming, outgoing).serve()


def _work(options: argparse.Namespace) -> Work:
    from millhand.app.loading import load_app  # noqa: PLC0415 - the pipe must be safe before user code runs

    app = load_app(options.app)
    log = app.settings.log
    configure_logging(LogOptions(level=log.level, format=LogFormat(log.format)), sys.stderr, app.clock)
    return Work(
        registry=app.registry,
        blobs=app.blobs,
        clock=app.clock,
        slots=options.slots,
        workdir=options.workdir,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app", default="", help="module:attribute of the app")
    parser.add_argument("--slots", type=int, default=1, help="jobs at a time")
    parser.add_argument("--lifeline", type=int, help="descriptor of the tie to the dispatcher")
    parser.add_argument("--workdir", type=Path, required=True, help="folder of this executor alone")
    return parser


if __name__ == "__main__":
    sys.exit(main())
