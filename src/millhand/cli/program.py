"""The command line: the global options, the list of commands, and the border at which errors become exit codes."""

from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from millhand.cli import service_help
from millhand.cli.arguments import globals_first
from millhand.cli.commands import COMMANDS, GROUPS
from millhand.cli.errors import tell_bug, tell_error, tell_usage
from millhand.cli.examples import in_brief
from millhand.cli.exit_codes import ExitCode
from millhand.cli.output import Output, ReaderGone
from millhand.cli.session import GlobalOptions, Session
from millhand.core.errors import MillhandError

_EPILOG = """\b
Examples:
  millhand up --demo                     convert the sample documents, and keep serving
  millhand convert letter.docx           make letter.pdf
  millhand enqueue mail.send '{"to": 1}' --wait
  millhand jobs list state:discarded since:2h

Data goes to stdout, words to stderr. More: millhand help exit-codes, output, filters, environment.
"""


def run(arguments: Sequence[str]) -> int:
    """Run the command line; returns the exit code."""
    given = globals_first(arguments)
    output = Output(json="--json" in given, verbose=not {"-v", "--verbose"}.isdisjoint(given))
    try:
        answer = program()(args=given, prog_name="millhand", standalone_mode=False)
    except typer.TyperException as error:
        return tell_usage(output, error)
    except ReaderGone:
        return ExitCode.CUT_OFF
    except MillhandError as error:
        return tell_error(output, error)
    except (KeyboardInterrupt, typer.Abort):
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last border: everything else is our own mistake
        return tell_bug(output, error)
    if (service := service_help.named(given)) is not None:
        output.data("\n".join(service_help.lines_of(service)))
    return answer if isinstance(answer, int) else ExitCode.DONE


def program() -> typer.Typer:
    """The command line with all its commands."""
    app = typer.Typer(
        rich_markup_mode=None,
        epilog=_EPILOG,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback()(_global_options)
    for name, command in COMMANDS.items():
        app.command(name, short_help=in_brief(command.__doc__ or ""))(command)
    for name, group in GROUPS.items():
        for info in group.registered_commands:
            info.short_help = in_brief(getattr(info.callback, "__doc__", None) or "")
        app.add_typer(group, name=name)
    return app


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"millhand {version_of('millhand')}")
        raise typer.Exit


def _global_options(
    ctx: typer.Context,
    *,
    config: Annotated[Path | None, typer.Option(help="Settings file (default: millhand.toml, if it is there).")] = None,
    database: Annotated[str | None, typer.Option(help="Database URL, such as sqlite:///data/millhand.db.")] = None,
    app: Annotated[str | None, typer.Option(help="The app to serve: module:attribute, file.py, or a service.")] = None,
    env_file: Annotated[Path | None, typer.Option(help="File with variables (NAME=value), such as .env.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON: an object, or one a line for lists.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Tell nothing but errors.")] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Tell details, and tracebacks of errors.")] = False,
    no_input: Annotated[bool, typer.Option("--no-input", help="Never ask anything.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run content jobs safely, and see what happened.

    The global options may stand anywhere on the line.
    """
    del version  # told before anything else is read
    ctx.obj = Session(
        GlobalOptions(
            config=config,
            database=database,
            app=app,
            env_file=env_file,
            json=json,
            quiet=quiet,
            verbose=verbose,
            no_input=no_input,
        )
    )
    ctx.obj.adopt_variables()
