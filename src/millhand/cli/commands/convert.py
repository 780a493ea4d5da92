"""`millhand convert`: documents to PDF, here and now."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from millhand.cli.durations import as_seconds
from millhand.cli.examples import example
from millhand.cli.exit_codes import ExitCode
from millhand.cli.session import session_of
from millhand.core.errors import UsageError


class Archive(StrEnum):
    """Levels of PDF/A."""

    A1B = "1b"
    A2B = "2b"
    A3B = "3b"


class Changes(StrEnum):
    """What becomes of tracked changes."""

    SHOW = "show"
    HIDE = "hide"
    ACCEPT = "accept"
    REJECT = "reject"


class Comments(StrEnum):
    """Where comments appear."""

    NONE = "none"
    ANNOTATIONS = "annotations"
    MARGIN = "margin"


class Engine(StrEnum):
    """What converts."""

    AUTO = "auto"
    WORD = "word"
    LIBREOFFICE = "libreoffice"


Files = Annotated[list[Path], typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="The documents.")]


@example(
    "millhand convert letter.docx",
    "millhand convert *.odt -o pdf/ --pdfa 2b --changes accept",
    "millhand convert *.docx --via s3://performancewest --timeout 2m",
)
def convert(
    ctx: typer.Context,
    files: Files,
    *,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="PDF or folder; else beside each document.")] = None,
    pages: Annotated[str | None, typer.Option(help="Only these, such as 1-3,5,8-.")] = None,
    pdfa: Annotated[Archive | None, typer.Option(help="Make PDF/A, for archiving.")] = None,
    pdfua: Annotated[bool, typer.Option("--pdfua", help="Make PDF/UA, for readers who can't see.")] = False,
    quality: Annotated[int | None, typer.Option(min=1, max=100, help="Of JPEG pictures, in per cent.")] = None,
    bookmarks: Annotated[bool | None, typer.Option(help="An outline from the headings.")] = None,
    changes: Annotated[Changes | None, typer.Option(help="What becomes of tracked changes.")] = None,
    comments: Annotated[Comments | None, typer.Option(help="Where comments appear.")] = None,
    update: Annotated[bool, typer.Option("--update", help="Renew fields and tables of contents first.")] = False,
    password_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with the documents' password.")
    ] = None,
    engine: Annotated[Engine | None, typer.Option(help="Else as the setting documents.engine says.")] = None,
    option: Annotated[list[str] | None, typer.Option(help="Any other option of the kind, as name=value.")] = None,
    timeout: Annotated[str | None, typer.Option(help="With a worker, or --via: give up waiting after 90, 5m.")] = None,
    here: Annotated[bool, typer.Option("--here", help="Convert in this process even if a worker runs.")] = False,
    via: Annotated[str | None, typer.Option(help="Document server: its place, as s3://bucket/folder.")] = None,
) -> None:
    """Convert documents to PDF, several at a time; writes the paths of the PDFs, replacing what is there.

    A running worker on the same database does the work; without one, this process does. Exits 1 if one failed.
    With --via, DOCX files go through the bucket of a document server, and are converted here if it does not answer.
    """
    from millhand.cli import converting

    session = session_of(ctx)
    options = {
        "page_ranges": pages,
        "pdfa": pdfa.value if pdfa else None,
        "pdfua": pdfua or None,
        "quality": quality,
        "bookmarks": bookmarks,
        "tracked_changes": changes.value if changes else None,
        "comments": comments.value if comments else None,
        "update_fields": update or None,
        "update_indexes": update or None,
        "password": converting.password(password_file),
        **converting.named_options(option or []),
    }
    given = {name: value for name, value in options.items() if value is not None}
    args = {"options": given, **({"engine": engine.value} if engine else {})}
    orders = converting.orders(files, out, args)
    if via and (here or engine):
        other = "--here" if here else "--engine"
        raise UsageError(f"{other} and --via exclude each other", hint="Leave one out.")
    if via:
        work = converting.convert_via(session, orders, as_seconds(timeout), via)
    else:
        work = converting.convert_all(session, orders, as_seconds(timeout), here=here)
    if not session.run(work):
        raise typer.Exit(ExitCode.NO)
