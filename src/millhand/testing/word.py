"""A fake of Word, for tests where there is no Windows: the members of its object model that the engine uses.

It is not Word, and renders nothing: it writes blank pages. What it does is what Microsoft documents: arguments by place
in the order of the reference, collections counted from 1, errors as pywin32's com_error carries them, and calls that
fail with RPC errors once the process is gone. That process is real, so that it can really hang, die and be killed.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias

from millhand.testing import word_errors as com
from millhand.testing.blank_pdf import blank_pdf

Step: TypeAlias = Literal["start", "open", "export", "close", "quit"]
Trouble: TypeAlias = Literal["hang", "die", "refuse"]


@dataclass
class FakeDocument:
    """What a document is to the fake: pages, marks and fields, its password, whether it is damaged."""

    pages: int = 1
    revisions: int = 0
    comments: int = 0
    field_types: tuple[int, ...] = ()
    tables: int = 0
    password: str = ""
    damaged: Literal["no", "repairable", "beyond repair"] = "no"


@dataclass
class FakeWord:
    """Stands in for COM on a Windows machine with Word (the `Com` of the engine), and remembers what was asked.

    `troubles` are what goes wrong at a step, one each time that it comes up; `document` is what every file holds.
    `rejections` calls are rejected as by a Word that is busy. With `company`, a person starts a Word at the same time
    as the engine; with `fixed_options` it takes no option while no document is open.
    """

    document: FakeDocument = field(default_factory=FakeDocument)
    troubles: list[tuple[Step, Trouble]] = field(default_factory=list[tuple[Step, Trouble]])
    rejections: int = 0
    installed: bool = True
    windowless: bool = False
    company: bool = False
    fixed_options: bool = False
    opens_nothing: bool = False
    calls: list[str] = field(default_factory=list[str])
    exports: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    openings: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    words: "list[FakeApplication]" = field(default_factory=list["FakeApplication"])
    forgotten: list[str] = field(default_factory=list[str])
    threads: set[int] = field(default_factory=set[int])
    errors: tuple[type[Exception], ...] = (com.FakeComError, AttributeError)

    @contextmanager
    def apartment(self) -> Generator[None]:
        """Only threads that are inside may make calls."""
        self.threads.add(threading.get_ident())
        try:
            yield
        finally:
            self.threads.discard(threading.get_ident())

    def start(self) -> "FakeApplication":
        """A Word with a process of its own."""
        if not self.installed:
            raise com.FakeComError(com.REGDB_E_CLASSNOTREG, "Class not registered", None, None)
        word = FakeApplication(self)
        self.words += [word, FakeApplication(self)] if self.company else [word]
        word.step("start")
        return word

    def process_of(self, application: "FakeApplication") -> int | None:
        """The process id, as the window tells it; none of a Word without a window."""
        return None if self.windowless else application.process.pid

    def processes(self) -> frozenset[int]:
        """Every fake Word that runs."""
        return frozenset(word.process.pid for word in self.words if word.process.poll() is None)

    def forget_crash(self, version: str) -> None:
        """Note that it was asked."""
        self.forgotten.append(version)

    def end(self) -> None:
        """End every process that is left, for the sake of the test."""
        for word in self.words:
            word.process.kill()
            word.process.wait()


class FakeApplication:
    """Word.Application."""

    Version = "16.0"

    def __init__(self, machine: FakeWord) -> None:
        self._machine = machine
        self.process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "import time; time.sleep(600)"])
        self.Visible = True
        self.DisplayAlerts = -1
        self.AutomationSecurity = 1  # msoAutomationSecurityLow: what automation starts with
        self.ScreenUpdating = True
        self.Options: object = _FixedOptions() if machine.fixed_options else _Options()
        self.Documents = _Documents(self, machine)

    def Quit(self, SaveChanges: int = -1) -> None:  # noqa: N802, N803 - Word's names
        """End the process."""
        self.step("quit", f"Quit({SaveChanges})")
        self.process.terminate()
        self.process.wait()

    def step(self, step: Step, call: str = "") -> None:
        """What happens at every call: it is noted, and may fail, hang until the process is gone, or end that."""
        machine = self._machine
        if threading.get_ident() not in machine.threads:
            raise com.FakeComError(com.NOT_INITIALISED, "CoInitialize has not been called.", None, None)
        if self.process.poll() is not None:
            raise com.rpc(com.RPC_S_SERVER_UNAVAILABLE)
        if machine.rejections > 0:
            machine.rejections -= 1
            raise com.rpc(com.RPC_E_CALL_REJECTED)
        machine.calls.append(call or step)
        for number, (at, trouble) in enumerate(machine.troubles):
            if at == step:
                del machine.troubles[number]
                self._suffer(trouble)

    def _suffer(self, trouble: Trouble) -> None:
        if trouble == "refuse":
            raise com.exception(com.COMMAND_FAILED, "Command failed")
        if trouble == "die":
            self.process.kill()
        self.process.wait()
        raise com.rpc(com.RPC_S_CALL_FAILED)


class _Options:
    """Word.Options: takes only the properties that it has."""

    __slots__ = (
        "BackgroundSave",
        "PrintBackground",
        "SaveNormalPrompt",
        "UpdateLinksAtOpen",
        "WarnBeforeSavingPrintingSendingMarkup",
    )


class _FixedOptions:
    """Word.Options while no document is open."""

    def __setattr__(self, name: str, value: object) -> None:
        raise com.exception(com.NO_DOCUMENT_OPEN, "This command is not available because no document is open.")


class _Documents:
    """Word.Documents."""

    def __init__(self, word: FakeApplication, machine: FakeWord) -> None:
        self._word = word
        self._machine = machine

    def OpenNoRepairDialog(self, *arguments: object) -> "_Document | None":  # noqa: N802 - Word's name
        """Open, and fail where Open would ask whether to repair."""
        return self._open("OpenNoRepairDialog", arguments)

    def Open(self, *arguments: object) -> "_Document | None":  # noqa: N802 - Word's name
        """Open."""
        return self._open("Open", arguments)

    def _open(self, name: str, given: tuple[object, ...]) -> "_Document | None":
        file, _, _, _, password, *_, repair, _, _ = given
        self._word.step("open", f"{name}(repair={repair})")
        self._machine.openings.append(given)
        document = self._machine.document
        if not Path(str(file)).is_file():
            raise com.exception(com.FILE_NOT_FOUND, "Sorry, we couldn't find your file.")
        if document.password and document.password != password:
            raise com.exception(com.PASSWORD_INCORRECT, "The password is incorrect. Word cannot open the document.")
        if document.damaged == "beyond repair" or (document.damaged == "repairable" and not repair):
            raise com.exception(com.FILE_CORRUPTED, "The file appears to be corrupted.")
        return None if self._machine.opens_nothing else _Document(self._word, self._machine)


class _Document:
    """Word.Document."""

    def __init__(self, word: FakeApplication, machine: FakeWord) -> None:
        facts = machine.document
        self._word = word
        self._machine = machine
        self.Revisions = _Collection(facts.revisions, self._member)
        self.Comments = _Collection(facts.comments, self._member)
        self.Fields = _Collection(len(facts.field_types), lambda number: _Field(facts.field_types[number - 1], machine))
        self.TablesOfContents = _Collection(facts.tables, lambda number: _Field(0, machine, f"table {number}"))
        self.Indexes = _Collection(0, self._member)
        self.ActiveWindow = _Window()

    def AcceptAllRevisions(self) -> None:  # noqa: N802 - Word's name
        """No marks are left."""
        self._word.step("open", "AcceptAllRevisions")
        self.Revisions.Count = 0

    def RejectAllRevisions(self) -> None:  # noqa: N802 - Word's name
        """No marks are left."""
        self._word.step("open", "RejectAllRevisions")
        self.Revisions.Count = 0

    def ComputeStatistics(self, Statistic: int) -> int:  # noqa: N802, N803 - Word's names
        """The number of pages, which is what is asked for."""
        if Statistic != 2:
            raise com.exception(com.COMMAND_FAILED, "not a statistic of this fake")
        return self._machine.document.pages

    def ExportAsFixedFormat(self, *arguments: object) -> None:  # noqa: N802 - Word's name
        """Write a PDF of blank pages."""
        self._word.step("export", "ExportAsFixedFormat")
        file, kind, _, _, extent, first, last, *_ = arguments
        if kind != 17:
            raise com.exception(com.COMMAND_FAILED, "not a PDF")
        pages = self._machine.document.pages
        wanted = pages if extent == 0 else min(int(str(last)), pages) - int(str(first)) + 1
        if wanted < 1:
            raise com.exception(com.COMMAND_FAILED, "no such page")
        Path(str(file)).write_bytes(blank_pdf(wanted))
        view = self.ActiveWindow.View
        self._machine.exports.append((*arguments, view))

    def Close(self, SaveChanges: int = -1) -> None:  # noqa: N802, N803 - Word's names
        """Close it."""
        self._word.step("close", f"Close({SaveChanges})")

    def _member(self, number: int) -> int:
        return number


class _Collection:
    """A collection, counted from 1."""

    def __init__(self, count: int, item: Callable[[int], Any]) -> None:
        self.Count = count
        self._item = item

    def Item(self, Index: int) -> Any:  # noqa: N802, N803, ANN401 - Word's names and its kind of answer
        """One of them."""
        if not 1 <= Index <= self.Count:
            raise com.exception(com.COMMAND_FAILED, "The requested member of the collection does not exist.")
        return self._item(Index)


class _Field:
    """Word.Field, or a table that can be updated."""

    def __init__(self, kind: int, machine: FakeWord, name: str = "") -> None:
        self.Type = kind
        self._machine = machine
        self._name = name or f"field {kind}"

    def Update(self) -> bool:  # noqa: N802 - Word's name
        """Note that it was asked."""
        self._machine.calls.append(f"update {self._name}")
        return True


class _Window:
    """Word.Window."""

    def __init__(self) -> None:
        self.View = _View()


@dataclass
class _View:
    """Word.View: what of the marks is shown."""

    RevisionsView: int = 0
    ShowRevisionsAndComments: bool = True
    ShowInsertionsAndDeletions: bool = True
    ShowComments: bool = True
