"""What `millhand convert` adds to errands: where PDFs go, how options are written, and what is told of a PDF."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from millhand.cli.errand import Done, Errand, Verb
from millhand.cli.errand_via import ViaWay
from millhand.cli.errands import do_by, do_errands, report_failure
from millhand.cli.output import Output
from millhand.cli.session import Session
from millhand.core.errors import UsageError
from millhand.core.words import count_of

_SUFFIX = ".pdf"


def _pages(result: Mapping[str, Any]) -> str:
    """How many pages a PDF has, in words."""
    pages = result.get("pages")
    return "" if pages is None else count_of(pages, "page")


VERB = Verb(
    name="convert",
    kind="document.convert",
    served="A running worker converts the documents.",
    here="The documents are converted here, without a worker.",
    brief=_pages,
)


def orders(files: Sequence[Path], out: Path | None, args: Mapping[str, object]) -> list[Errand]:
    """Where each file's PDF goes; `args` are those of the kind.

    Raises `UsageError` if two would be the same, or one would be its own source.
    """
    folder = out is not None and (out.is_dir() or len(files) > 1 or str(out).endswith(("/", "\\")))
    found = [
        Errand(file.name, _output(file, out, folder=folder).absolute(), args, {"source": file.absolute()})
        for file in files
    ]
    twice = [path for path, count in Counter(errand.output for errand in found).items() if count > 1]
    if twice:
        raise UsageError(f"several documents would become {twice[0]}", hint="Convert them one by one with -o.")
    if any(errand.files["source"] == errand.output for errand in found):
        raise UsageError("a PDF can't be converted to itself", hint="Name another file with -o.")
    return found


def named_options(texts: Sequence[str]) -> dict[str, object]:
    """Options given as `name=value`; the value is JSON if it can be, else text."""
    found: dict[str, object] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(
                f"'{text}' is no option", hint=f"Write it as name=value; see `millhand kinds show {VERB.kind}`."
            )
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def password(file: Path | None) -> str | None:
    """The first line of a password file."""
    return None if file is None else file.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")


async def convert_all(session: Session, wanted: Sequence[Errand], seconds: float | None, *, here: bool) -> bool:
    """Convert all of them, and tell of each; whether all succeeded."""
    ended = await do_errands(session, VERB, wanted, seconds, here=here)
    return _report_all(session.output, ended)


async def convert_via(session: Session, wanted: Sequence[Errand], seconds: float | None, via: str) -> bool:
    """Have all of them converted by the document server at `via`, and tell of each; whether all succeeded."""
    return _report_all(session.output, await do_by(session, ViaWay(session, via, seconds), wanted))


def _output(file: Path, out: Path | None, *, folder: bool) -> Path:
    if out is None:
        return file.with_suffix(_SUFFIX)
    return out / f"{file.stem}{_SUFFIX}" if folder else out


def _report_all(output: Output, ended: Sequence[Done]) -> bool:
    return all([_report(output, one) for one in ended])  # noqa: C419 - every one is told of


def _report(output: Output, done: Done) -> bool:
    errand, source = done.errand, done.errand.files["source"]
    notices = done.result.get("notices", ())
    if output.json:
        facts = {"source": source, "output": errand.output, "failure": done.failure}
        told = {name: done.result.get(name) for name in ("pages", "engine", "degraded")}
        output.record({**facts, **told, "notices": notices})
    elif done.failure is None:
        for notice in notices:
            output.say(f"{source.name}: {notice}")
        output.data(str(errand.output))
    else:
        report_failure(output, done)
    return done.failure is None
