"""The page of errors: every code, what it means, what it does to a job, and what to do."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field

from millhand.core.errors import Infrastructure, JobCancelled, MillhandError, Permanent, Snooze, Transient
from scripts.gen_docs import source
from scripts.gen_docs.markdown import code, page

_EFFECTS: tuple[tuple[type[MillhandError], str], ...] = (
    (Snooze, "the job is put back, and nothing is charged"),
    (JobCancelled, "the job is cancelled"),
    (Permanent, "the job is discarded at once"),
    (Infrastructure, "the job is tried again, and nothing is charged"),
    (Transient, "the job is tried again by its retry policy"),
    (MillhandError, "the call that met it fails; no job is changed"),
)
_RECORDED = "recorded by the worker or the queue itself, see the message"
_BY_HAND = {
    "exception": (
        "A handler raised an exception that is none of millhand's own. The failure keeps its type and traceback.",
        "by the table of exceptions: the job is tried again unless the exception says that this is no use",
        "Look at the traceback: `millhand jobs show ID`.",
    ),
    "bug": (
        "The command line met an exception that nobody foresaw. It exits with 70.",
        "none",
        "Run the command again with -v and report what it shows.",
    ),
}


@dataclass(slots=True)
class _Entry:
    code: str
    classes: set[str] = field(default_factory=set[str])
    effects: set[str] = field(default_factory=set[str])
    meaning: str = ""
    messages: list[str] = field(default_factory=list[str])
    hints: list[str] = field(default_factory=list[str])


def write() -> str:
    """The page."""
    entries = _entries()
    return page(
        "Errors",
        "Every error has a stable code, a message and often a hint. A job's failure shows them in `millhand jobs show`"
        " and in `failure` of the Python `Job`; a command writes them to standard error. In messages, … stands for a"
        " value. What is not listed here is an exception of your own code, with the code `exception`.",
        " · ".join(f"[{name}](#{name})" for name in sorted(entries)),
        *(_section(entries[name]) for name in sorted(entries)),
    )


def _entries() -> dict[str, _Entry]:
    source.import_all()
    found: dict[str, _Entry] = {}
    for name, (meaning, effect, hint) in _BY_HAND.items():
        found[name] = _Entry(name, set(), {effect}, meaning, [], [hint])
    for cls in _subclasses(MillhandError):
        if cls is not MillhandError:
            entry = found.setdefault(cls.default_code, _Entry(cls.default_code))
            entry.meaning = entry.meaning or inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
            _note(entry, cls, "", cls.default_hint)
    for cls, name, message, hint in _raised():
        _note(found.setdefault(name, _Entry(name)), cls, message, hint)
    return found


def _raised() -> Iterator[tuple[type[MillhandError] | None, str, str, str]]:
    """Each place where an error is made: its class, code, message and hint."""
    classes = {cls.__name__: cls for cls in _subclasses(MillhandError)}
    for call, name in source.calls():
        message, hint = source.text_of(source.argument(call, 0)), source.text_of(source.keyword(call, "hint"))
        if name == "failure" and message:
            yield None, message, source.text_of(source.argument(call, 1)), source.text_of(source.argument(call, 2))
        elif name in classes:
            given = source.texts_of(source.keyword(call, "code"))
            for one in given or [classes[name].default_code]:
                yield classes[name], one, message, hint


def _note(entry: _Entry, cls: type[MillhandError] | None, message: str, hint: str) -> None:
    if cls is not None:
        entry.classes.add(cls.__name__)
    entry.effects.add(_RECORDED if cls is None else next(effect for kind, effect in _EFFECTS if issubclass(cls, kind)))
    if message and message not in entry.messages:
        entry.messages.append(message)
    if hint and hint not in entry.hints:
        entry.hints.append(hint)


def _subclasses(cls: type[MillhandError]) -> Iterator[type[MillhandError]]:
    yield cls
    for each in sorted(cls.__subclasses__(), key=lambda one: one.__qualname__):
        if each.__module__.startswith("millhand."):
            yield from _subclasses(each)


def _section(entry: _Entry) -> str:
    lines = [f"## {entry.code}", ""]
    if entry.meaning:
        lines += [entry.meaning, ""]
    if entry.classes:
        lines.append(f"- Class: {', '.join(code(name) for name in sorted(entry.classes))}")
    lines.append(f"- Effect: {'; or '.join(sorted(entry.effects))}")
    lines += [f"- Message: {message.replace('<', '&lt;')}" for message in sorted(entry.messages)]
    lines += [f"- What to do: {hint}" for hint in entry.hints]
    return "\n".join(lines)
