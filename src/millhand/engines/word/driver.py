"""Word's object model, step by step: start, open, prepare, export, close. Runs in Word's apartment.

Every argument is given by its place, as late-bound COM takes them; the comments beside them are Microsoft's names.
Sources: Microsoft Learn, Documents.OpenNoRepairDialog, Documents.Open, Document.ExportAsFixedFormat, View.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from millhand.core.errors import MillhandError
from millhand.engines.soffice.errors import DocumentFailed, DocumentUnreadable, PasswordNeeded
from millhand.engines.word import constants as wd
from millhand.engines.word.errors import WordBusy, WordDied, WordFailed, WordMissing
from millhand.engines.word.failure import (
    CORRUPT,
    GONE,
    NOT_INSTALLED,
    REJECTED,
    WRONG_PASSWORD,
    ComFailure,
    failure_of,
)
from millhand.engines.word.port import Com
from millhand.engines.word.values import WordOrder

T = TypeVar("T")

_NO_PASSWORD = "not given"  # noqa: S105 - opens nothing: with any text, Word fails where it would ask for one
_PATIENCE = 20.0  # seconds for which calls that Word rejects are repeated
_PAUSE = 0.2
_QUIET = {
    "UpdateLinksAtOpen": False,
    "SaveNormalPrompt": False,
    "BackgroundSave": False,
    "PrintBackground": False,
    "WarnBeforeSavingPrintingSendingMarkup": False,
}


class Driver:
    """One Word of our own. `start` comes first; every method raises what `_translated` makes of COM's errors."""

    def __init__(self, com: Com) -> None:
        self._com = com
        self._application: Any = None

    def start(self) -> tuple[int | None, str]:
        """Start a Word that shows nothing and asks nothing; its process id, if that can be told, and its version."""
        return self._translated(self._start)

    def convert(self, order: WordOrder) -> bool:
        """Write the PDF of a document; whether Word repaired the document for it."""
        return self._translated(lambda: self._convert(order))

    def quit(self) -> None:
        """End Word, in order."""
        application, self._application = self._application, None
        if application is not None:
            self._translated(lambda: self._call(lambda: application.Quit(wd.DO_NOT_SAVE)))

    def _start(self) -> tuple[int | None, str]:
        word = self._application = self._com.start()
        word.Visible = False
        word.DisplayAlerts = wd.ALERTS_NONE
        word.AutomationSecurity = wd.FORCE_DISABLE_MACROS
        word.ScreenUpdating = False
        for name, value in _QUIET.items():
            # Some versions have no such option, or take none while no document is open: a precaution the less.
            with suppress(*self._com.errors):
                setattr(word.Options, name, value)
        return self._com.process_of(word), str(word.Version)

    def _convert(self, order: WordOrder) -> bool:
        document, repaired = self._opened(order)
        try:
            self._prepare(document, order)
            self._export(document, order)
        finally:
            self._call(lambda: document.Close(wd.DO_NOT_SAVE))
        return repaired

    def _opened(self, order: WordOrder) -> tuple[Any, bool]:
        # Automation starts with macros allowed, and whoever opened the last document may have changed that.
        self._application.AutomationSecurity = wd.FORCE_DISABLE_MACROS
        documents = self._application.Documents
        try:
            return self._there(self._call(lambda: documents.OpenNoRepairDialog(*_opening(order, repair=False)))), False
        except ComFailure as failure:
            if failure.code not in CORRUPT:
                raise
        return self._there(self._call(lambda: documents.Open(*_opening(order, repair=True)))), True

    def _there(self, document: Any) -> Any:  # noqa: ANN401 - an object of Word's
        if document is None:
            raise WordFailed(
                "Word opened nothing, and did not say why: so it does where its user's profile has no folder Desktop",
                code="word_opened_nothing",
            )
        return document

    def _prepare(self, document: Any, order: WordOrder) -> None:  # noqa: ANN401 - an object of Word's
        export = order.export
        if export.changes == "accept":
            self._call(document.AcceptAllRevisions)
        elif export.changes == "reject":
            self._call(document.RejectAllRevisions)
        if export.update_fields:
            for field in _each(document.Fields):
                if field.Type not in wd.ASKING_FIELDS:
                    self._call(field.Update)
        if export.update_indexes:
            for table in (*_each(document.TablesOfContents), *_each(document.Indexes)):
                self._call(table.Update)

    def _export(self, document: Any, order: WordOrder) -> None:  # noqa: ANN401 - an object of Word's
        export = order.export
        pages = 1 if export.all_pages else int(document.ComputeStatistics(wd.COUNT_PAGES))
        if export.first_page > pages:
            raise DocumentFailed(f"The document ends before page {export.first_page}.", code="no_such_page")
        arguments = (
            str(order.target),  # OutputFileName
            wd.EXPORT_PDF,  # ExportFormat
            False,  # OpenAfterExport
            wd.OPTIMIZE_FOR_PRINT,  # OptimizeFor
            wd.ALL_PAGES if export.all_pages else wd.FROM_TO,  # Range
            export.first_page,  # From
            min(export.last_page or pages, pages),  # To
            wd.WITH_MARKUP if self._has_markup(document, order) else wd.CONTENT,  # Item
            True,  # IncludeDocProps
            False,  # KeepIRM
            wd.HEADINGS if export.outline else wd.NO_BOOKMARKS,  # CreateBookmarks
            export.tagged,  # DocStructureTags
            True,  # BitmapMissingFonts
            export.archive,  # UseISO19005_1
        )
        self._call(lambda: document.ExportAsFixedFormat(*arguments))

    def _has_markup(self, document: Any, order: WordOrder) -> bool:  # noqa: ANN401 - an object of Word's
        """Whether marks shall be printed; the view, which decides what is shown, is set for it."""
        export = order.export
        changes = export.changes == "show" and document.Revisions.Count > 0
        comments = export.comments and document.Comments.Count > 0
        if document.Revisions.Count > 0 or document.Comments.Count > 0:
            view = document.ActiveWindow.View
            view.RevisionsView = wd.FINAL
            view.ShowRevisionsAndComments = changes or comments
            if changes or comments:
                view.ShowInsertionsAndDeletions = changes
                view.ShowComments = comments
        return changes or comments

    def _call(self, call: Callable[[], T]) -> T:
        """Make a call, and make it again while Word rejects it. Raises `ComFailure`, `WordBusy`."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return call()
            except self._com.errors as error:
                failure = failure_of(error)
                if failure.code not in REJECTED:
                    raise failure from error
            if time.monotonic() > until:
                raise WordBusy(f"Word rejected calls for {_PATIENCE:g} s: {failure}")
            time.sleep(_PAUSE)

    def _translated(self, step: Callable[[], T]) -> T:
        try:
            return step()
        except ComFailure as failure:
            raise told(failure) from None
        except self._com.errors as error:
            raise told(failure_of(error)) from None


def told(failure: ComFailure) -> MillhandError:
    """The error for people that a failure means."""
    if failure.code in WRONG_PASSWORD:
        return PasswordNeeded("Word can't open the document: it is encrypted, and the password is wrong or missing.")
    if failure.code in CORRUPT:
        return DocumentUnreadable(f"Word can't open the document, not even to repair it: {failure}.")
    if failure.code in NOT_INSTALLED:
        return WordMissing(f"Word is not installed here: {failure}")
    if failure.code in GONE:
        return WordDied(f"Word ended while it worked: {failure}")
    return WordFailed(f"Word refused: {failure}")


def _opening(order: WordOrder, *, repair: bool) -> tuple[object, ...]:
    password = order.export.password or _NO_PASSWORD
    return (
        str(order.source),  # FileName
        False,  # ConfirmConversions
        True,  # ReadOnly
        False,  # AddToRecentFiles
        password,  # PasswordDocument
        password,  # PasswordTemplate
        False,  # Revert
        password,  # WritePasswordDocument
        password,  # WritePasswordTemplate
        wd.OPEN_FORMAT_AUTO,  # Format
        0,  # Encoding: Word finds out
        False,  # Visible
        repair,  # OpenAndRepair
        0,  # DocumentDirection: left to right
        True,  # NoEncodingDialog
    )


def _each(collection: Any) -> list[Any]:  # noqa: ANN401 - an object of Word's
    return [collection.Item(number) for number in range(1, collection.Count + 1)]
