"""What `millhand export` adds to errands: what is exported, how its options are written, and what is told of it."""

import re
import zipfile
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast
from urllib.parse import urlsplit

from millhand.cli.errand import Done, Errand, Verb
from millhand.cli.errands import do_errands, do_here, report_failure
from millhand.cli.output import Output
from millhand.cli.session import Session
from millhand.config import Flag
from millhand.core.errors import UsageError
from millhand.core.words import count_of

_PAGES = frozenset({".html", ".htm"})
_MOST_FILES = 10_000
_INDEX = "index.html"
_WORDS = re.compile(r"[^\w.-]+")


def _size(result: Mapping[str, Any]) -> str:
    """How large a picture is, or how many pages a PDF has, in words."""
    if result.get("width") is not None:
        return f"{result['width']:,} x {result['height']:,} pixels at {result['dpi']} dpi"
    pages = result.get("pages")
    return count_of(pages, "page") if pages else ""


VERB = Verb(
    name="export",
    kind="page.export",
    served="A running worker exports the page.",
    here="No worker is running on this database, so the page is exported here.",
    brief=_size,
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: the page, the file to write (None: named after the page), its format (None: by its suffix)."""

    source: str
    out: Path | None
    form: str | None
    arguments: Mapping[str, object]


async def export(
    session: Session, wanted: Wanted, seconds: float | None, *, here: bool, allowed: Sequence[str] = ()
) -> bool:
    """Export the page, and tell of it; whether that succeeded. Hosts that are allowed are so in this process alone."""
    with _errand(wanted) as errand:
        if allowed:
            hosts = [*session.settings().chromium.allowed_hosts, *allowed]
            ended = await do_here(session, VERB, [errand], [Flag("chromium.allowed_hosts", "--allow", ",".join(hosts))])
        else:
            ended = await do_errands(session, VERB, [errand], seconds, here=here)
    return all([_report(session.output, wanted.source, one) for one in ended])  # noqa: C419 - as they come


def given(told: Mapping[str, object]) -> dict[str, object]:
    """What was given of all options, those that belong together too; the rest is the kind's to decide."""
    kept: dict[str, object] = {}
    for name, value in told.items():
        chosen = given(cast("Mapping[str, object]", value)) or None if isinstance(value, Mapping) else value
        if chosen is not None:
            kept[name] = chosen
    return kept


def pairs(texts: Sequence[str], separator: str, what: str) -> list[tuple[str, str]]:
    """Names and values, as `name=value` or `Name: value`; raises `UsageError`."""
    found: list[tuple[str, str]] = []
    for text in texts:
        name, between, value = text.partition(separator)
        if not between or not name.strip():
            raise UsageError(f"'{text}' is no {what}", hint=f"Write it as name{separator}value.")
        found.append((name.strip(), value.strip()))
    return found


def margins(text: str | None) -> dict[str, str] | None:
    """Margins as CSS writes them: one length for all sides, or up to four: top, right, bottom, left."""
    if text is None:
        return None
    told = text.replace(",", " ").split()
    chosen = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}.get(len(told))
    if chosen is None:
        raise UsageError(f"'{text}' are no margins", hint="Write one to four lengths, such as '10mm' or '1in 5mm'.")
    return dict(zip(("top", "right", "bottom", "left"), (told[at] for at in chosen), strict=True))


def template(text: str | None) -> str | None:
    """A header or footer: HTML as it is, or that of the file behind an @."""
    if text is None or not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{text[1:]} can't be read: {error}", hint="Check the path behind the @.") from error


@contextmanager
def _errand(wanted: Wanted) -> Generator[Errand]:
    """The errand for a URL, or for local files, which are packed for its time."""
    source = wanted.source
    beside = _beside(source)
    output = (wanted.out or beside.with_name(f"{beside.name}.{wanted.form or 'png'}")).absolute()
    arguments = {**wanted.arguments, **({"format": wanted.form} if wanted.form else {})}
    if "://" in source:
        yield Errand(source, output, {**arguments, "url": source})
        return
    path = Path(source)
    if path.suffix.lower() == ".zip" and path.is_file():
        yield Errand(path.name, output, arguments, {"bundle": path.absolute()})
        return
    with TemporaryDirectory(prefix="millhand-bundle-") as folder:
        bundle = Path(folder) / "bundle.zip"
        _pack(path, bundle)
        yield Errand(path.name, output, arguments, {"bundle": bundle})


def _beside(source: str) -> Path:
    """A file named after a URL, in the working folder; or after a local page, beside it."""
    if "://" not in source:
        path = Path(source).resolve()
        return path.parent / (path.name if path.is_dir() else path.stem)
    parts = urlsplit(source)
    last = Path(parts.path).stem if parts.path.strip("/") else parts.hostname or ""
    return Path(_WORDS.sub("-", last).strip("-.") or "page")


def _pack(path: Path, bundle: Path) -> None:
    """Zip a page, or a folder with a page and what belongs to it; raises `UsageError`."""
    if path.is_dir():
        files = {file.relative_to(path).as_posix(): file for file in sorted(path.rglob("*")) if file.is_file()}
    elif path.is_file() and path.suffix.lower() in _PAGES:
        files = {_INDEX: path}
    else:
        raise UsageError(
            f"{path} is no page that can be exported",
            hint="Give a URL with http:// or https://, an .html file, a folder, or a .zip with an index.html.",
        )
    if len(files) > _MOST_FILES:
        raise UsageError(f"{path} has {len(files):,} files", hint="Give a folder with only what belongs to the page.")
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, file in files.items():
            archive.write(file, name)


def _report(output: Output, source: str, done: Done) -> bool:
    if output.json:
        facts = {"source": source, "output": done.errand.output, "failure": done.failure}
        kept = {name: value for name, value in done.result.items() if name != "url"}
        output.record({**facts, **kept})
    elif done.failure is None:
        for notice in done.result.get("notices", ()):
            output.say(notice)
        output.data(str(done.errand.output))
    else:
        report_failure(output, done)
    return done.failure is None
