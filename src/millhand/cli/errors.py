"""The border: what commands raise becomes a message, a hint and an exit code; never a traceback for a user's error."""

import json
import traceback

import typer

from millhand.cli.exit_codes import ExitCode, exit_code_of
from millhand.cli.output import SCHEMA, Output
from millhand.core.errors import MillhandError

_NO_COMMAND = "NoArgsIsHelpError"  # typer gives the class no public name
_REPORT = "This is an error in millhand. Run the command again with -v and report what it shows."


def tell_error(output: Output, error: MillhandError) -> ExitCode:
    """Tell of an error that stopped a command; returns the exit code to end with."""
    tell(output, error.code, error.message, error.hint)
    if output.verbose:
        output.complain("".join(traceback.format_exception(error)).rstrip())
    return exit_code_of(error)


def tell_usage(output: Output, error: typer.TyperException) -> ExitCode:
    """Tell of a command line that can't be understood; of one without a command, all that there are."""
    if type(error).__name__ == _NO_COMMAND:
        output.complain(error.format_message())
        return ExitCode.USAGE
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "millhand"
    tell(output, "usage", error.format_message(), f"Run `{command} --help`.")
    return ExitCode.USAGE


def tell_bug(output: Output, error: Exception) -> ExitCode:
    """Tell of an exception that nobody foresaw."""
    tell(output, "bug", f"{type(error).__name__}: {error}", _REPORT)
    if output.verbose:
        output.complain("".join(traceback.format_exception(error)).rstrip())
    return ExitCode.BUG


def tell(output: Output, code: str, message: str, hint: str) -> None:
    """Write an error to standard error, as words or as a JSON object."""
    if output.json:
        error = {"code": code, "message": message, "hint": hint}
        output.complain(json.dumps({"schema": SCHEMA, "error": error}, ensure_ascii=False))
        return
    output.complain(f"{output.coloured('error:', 'red')} {message}")
    if hint:
        output.complain(f"{output.coloured('hint:', 'cyan')} {hint}")
