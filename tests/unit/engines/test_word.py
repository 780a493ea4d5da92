"""The Word engine against a fake of Word's object model, whose process is real: it hangs, dies and is killed."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from millhand.core.errors import JobCancelled, MillhandError
from millhand.engines.soffice.errors import DocumentTooDemanding, DocumentUnreadable, PasswordNeeded
from millhand.engines.word.engine import Word
from millhand.engines.word.errors import WordBusy, WordDied, WordFailed, WordHung, WordMissing
from millhand.engines.word.native import connect, on_this_system
from millhand.engines.word.values import WordConversion, WordExport, WordSettings
from millhand.testing.word import FakeWord, Step, Trouble
from tests.support import wait_until

QUICK = WordSettings(seconds=20.0, start_seconds=20.0, busy_seconds=0.2, rest_seconds=30.0)


@dataclass
class Rig:
    """An engine with its fake, and a document for it."""

    folder: Path
    fake: FakeWord
    engine: Word

    @property
    def target(self) -> Path:
        return self.folder / "letter.pdf"

    def convert(self, export: WordExport | None = None, *, cancelled: bool = False) -> WordConversion:
        source = self.folder / "letter.docx"
        return self.engine.convert(source, self.target, ".docx", export or WordExport(), lambda: cancelled)

    def with_settings(self, settings: WordSettings) -> "Rig":
        self.engine.close()
        return Rig(self.folder, self.fake, Word(settings, self.folder / "work", lambda: self.fake))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    (tmp_path / "letter.docx").write_bytes(b"what is in it matters to the real Word only")
    fake = FakeWord()
    engines: list[Word] = []
    rig = Rig(tmp_path, fake, Word(QUICK, tmp_path / "work", lambda: fake))
    engines.append(rig.engine)
    yield rig
    for engine in engines:
        engine.close()
    fake.end()


def test_it_exports_a_pdf_and_ends_word_in_order(rig: Rig) -> None:
    made = rig.convert()
    assert (made.version, made.repaired) == ("16.0", False)
    assert rig.target.read_bytes().startswith(b"%PDF-")
    assert rig.engine.pid == rig.fake.words[0].process.pid

    rig.engine.close()
    assert rig.fake.words[0].process.poll() is not None
    assert rig.fake.calls == ["start", "OpenNoRepairDialog(repair=False)", "ExportAsFixedFormat", "Close(0)", "Quit(0)"]
    assert list((rig.folder / "work").iterdir()) == []


def test_word_shows_nothing_asks_nothing_and_runs_no_macros(rig: Rig) -> None:
    rig.convert()
    word = rig.fake.words[0]
    assert (word.Visible, word.DisplayAlerts, word.AutomationSecurity, word.ScreenUpdating) == (False, 0, 3, False)
    assert getattr(word.Options, "UpdateLinksAtOpen") is False  # noqa: B009 - the fake's options, of either sort


def test_documents_are_opened_read_only_with_nothing_to_ask_for(rig: Rig) -> None:
    rig.convert()
    file, conversions, read_only, recent, password, *_, visible, repair, _, no_encoding_dialog = rig.fake.openings[0]
    assert Path(str(file)) != rig.folder / "letter.docx"
    assert (conversions, read_only, recent, visible, repair, no_encoding_dialog) == (
        *(False, True, False),
        *(False, False, True),
    )
    assert password  # any text: with none, Word would ask for one where nobody sees it


@pytest.mark.parametrize(
    ("export", "arguments"),
    [
        (WordExport(), {4: 0, 7: 0, 10: 1, 11: True, 13: False}),
        (WordExport(first_page=2, last_page=3), {4: 3, 5: 2, 6: 3}),
        (WordExport(first_page=2), {4: 3, 5: 2, 6: 5}),
        (WordExport(outline=False, tagged=False, archive=True), {10: 0, 11: False, 13: True}),
    ],
)
def test_options_become_arguments_at_their_places(rig: Rig, export: WordExport, arguments: dict[int, object]) -> None:
    rig.fake.document.pages = 5
    rig.convert(export)
    given = rig.fake.exports[0]
    assert given[1:4] == (17, False, 0)
    assert {place: given[place] for place in arguments} == arguments


@pytest.mark.parametrize(
    ("export", "item", "shown"),
    [
        (WordExport(), 7, (True, True, False)),
        (WordExport(comments=True), 7, (True, True, True)),
        (WordExport(changes="hide", comments=True), 7, (True, False, True)),
        (WordExport(changes="hide"), 0, (False, True, True)),
        (WordExport(changes="accept"), 0, (False, True, True)),
    ],
)
def test_marks_are_printed_as_asked(rig: Rig, export: WordExport, item: int, shown: tuple[bool, bool, bool]) -> None:
    rig.fake.document.revisions, rig.fake.document.comments = 2, 1
    rig.convert(export)
    *given, view = rig.fake.exports[0]
    assert given[7] == item
    assert (view.ShowRevisionsAndComments, view.ShowInsertionsAndDeletions, view.ShowComments) == shown  # pyright: ignore[reportAttributeAccessIssue] - the fake's view


def test_fields_are_updated_but_for_those_that_ask(rig: Rig) -> None:
    rig.fake.document.field_types, rig.fake.document.tables = (33, 38, 39, 3), 1
    rig.convert(WordExport(update_fields=True, update_indexes=True))
    assert [call for call in rig.fake.calls if "update" in call] == [
        "update field 33",
        "update field 3",
        "update table 1",
    ]


def test_a_damaged_document_is_repaired(rig: Rig) -> None:
    rig.fake.document.damaged = "repairable"
    assert rig.convert().repaired
    assert rig.fake.calls[1:3] == ["OpenNoRepairDialog(repair=False)", "Open(repair=True)"]


def test_the_password_opens_the_document(rig: Rig) -> None:
    rig.fake.document.password = "sesame"
    rig.convert(WordExport(password="sesame"))
    with pytest.raises(PasswordNeeded):
        rig.convert()
    assert len(rig.fake.words) == 1, "a wrong password is no reason for a new Word"


def test_what_is_beyond_repair_is_told(rig: Rig) -> None:
    rig.fake.document.damaged = "beyond repair"
    with pytest.raises(DocumentUnreadable, match="corrupted"):
        rig.convert()
    rig.fake.document.damaged = "no"
    rig.convert()
    assert len(rig.fake.words) == 1


def test_calls_that_word_rejects_are_repeated(rig: Rig) -> None:
    rig.convert()
    rig.fake.rejections = 3
    rig.convert()


def test_a_refused_step_closes_the_document_and_keeps_word(rig: Rig) -> None:
    rig.fake.troubles = [("export", "refuse")]
    with pytest.raises(WordFailed, match="Command failed"):
        rig.convert()
    assert rig.fake.calls[-1] == "Close(0)"
    rig.convert()
    assert len(rig.fake.words) == 1


@pytest.mark.parametrize("step", ["open", "export"])
def test_a_hang_ends_that_process_and_the_next_document_has_another(rig: Rig, step: Step) -> None:
    rig = rig.with_settings(replace(QUICK, seconds=0.3))
    other = FakeWord()
    with other.apartment():
        bystander = other.start()
        rig.fake.troubles = [(step, "hang")]
        with pytest.raises(WordHung):
            rig.convert()
        assert rig.fake.words[0].process.poll() is not None
        assert bystander.process.poll() is None
    other.end()
    assert rig.fake.forgotten == ["16.0"], "what Word noted of its death would be asked about at the next start"
    rig.convert()
    assert len(rig.fake.words) == 2
    rig.engine.close()


@pytest.mark.parametrize("step", ["open", "export", "close"])
def test_a_document_outlives_the_death_of_one_word(rig: Rig, step: Step) -> None:
    rig.fake.troubles = [(step, "die")]
    rig.convert()
    assert len(rig.fake.words) == 2
    assert rig.target.exists()


def test_a_document_that_kills_two_is_given_up(rig: Rig) -> None:
    rig.fake.troubles = [("open", "die"), ("open", "die")]
    with pytest.raises(WordDied):
        rig.convert()
    rig.convert()
    assert len(rig.fake.words) == 3


def test_a_word_that_died_between_documents_is_replaced(rig: Rig) -> None:
    rig.convert()
    rig.fake.end()
    rig.convert()
    assert len(rig.fake.words) == 2


def test_a_cancelled_job_ends_word(rig: Rig) -> None:
    rig.convert()
    rig.fake.troubles = [("export", "hang")]
    with pytest.raises(JobCancelled):
        rig.convert(cancelled=True)
    assert rig.fake.words[0].process.poll() is not None


def test_a_word_that_takes_too_much_memory_is_ended(rig: Rig) -> None:
    rig = rig.with_settings(replace(QUICK, memory=1))
    rig.fake.troubles = [("export", "hang")]
    with pytest.raises(DocumentTooDemanding, match="bytes"):
        rig.convert()
    rig.engine.close()


def test_word_is_started_anew_after_so_many_documents(rig: Rig) -> None:
    rig = rig.with_settings(replace(QUICK, recycle_documents=2))
    for _ in range(5):
        rig.convert()
    assert len(rig.fake.words) == 3
    assert rig.fake.calls.count("Quit(0)") == 2
    rig.engine.close()


def test_a_word_that_does_not_quit_is_ended(rig: Rig) -> None:
    rig = rig.with_settings(replace(QUICK, quit_seconds=0.2))
    rig.convert()
    rig.fake.troubles = [("quit", "hang")]
    rig.engine.close()
    assert rig.fake.words[0].process.poll() is not None


@pytest.mark.parametrize(
    ("trouble", "settings", "error"),
    [("hang", replace(QUICK, start_seconds=0.3), WordHung), ("die", QUICK, WordDied), ("refuse", QUICK, WordFailed)],
)
def test_a_failed_start_leaves_no_process_and_word_rests(
    rig: Rig, trouble: Trouble, settings: WordSettings, error: type[MillhandError]
) -> None:
    rig = rig.with_settings(replace(settings, recycle_documents=1))
    # A new Word that fails is tried once more if it died; then it is left alone.
    rig.fake.troubles = [("start", trouble)]
    with pytest.raises((error, WordBusy)):
        rig.convert()
    assert not rig.fake.processes()
    with pytest.raises(WordBusy, match="left alone"):
        rig.convert()
    rig.engine.close()


def test_a_word_without_a_window_is_known_as_the_one_that_came(rig: Rig) -> None:
    rig.fake.windowless = True
    rig.convert()
    assert rig.engine.pid == rig.fake.words[0].process.pid


def test_a_word_that_can_not_be_told_from_a_persons_is_not_used_and_neither_is_ended(rig: Rig) -> None:
    rig.fake.windowless = rig.fake.company = True
    with pytest.raises(WordFailed, match="which process"):
        rig.convert()
    assert len(rig.fake.processes()) == 2


def test_options_that_can_not_be_set_do_not_stop_it(rig: Rig) -> None:
    rig.fake.fixed_options = True
    assert rig.convert().version == "16.0"


def test_one_document_at_a_time_and_the_others_wait_only_so_long(rig: Rig) -> None:
    rig.convert()
    rig.fake.troubles = [("export", "hang")]
    problems: list[BaseException] = []

    def hang() -> None:
        try:
            rig.convert()
        except MillhandError as error:
            problems.append(error)

    first = threading.Thread(target=hang)
    first.start()
    wait_until(lambda: not rig.fake.troubles, what="a document that hangs")
    with pytest.raises(WordBusy, match="no time"):
        rig.convert()
    psutil.Process(rig.fake.words[0].process.pid).kill()
    first.join(20)
    assert problems == [], "the first one died with its Word, and was converted by a new one"


def test_documents_that_open_as_nothing_tell_of_the_profile(rig: Rig) -> None:
    rig.fake.opens_nothing = True
    with pytest.raises(WordFailed, match="Desktop") as caught:
        rig.convert()
    assert caught.value.code == "word_opened_nothing"


def test_where_word_is_not_installed_that_is_said(rig: Rig) -> None:
    rig.fake.installed = False
    with pytest.raises(WordMissing):
        rig.convert()


def test_a_canary_tells_health(rig: Rig) -> None:
    assert rig.engine.check().healthy
    rig.fake.installed = False
    rig.fake.end()
    health = rig.engine.check()
    assert not health.healthy
    assert "not installed" in health.detail


def test_elsewhere_there_is_no_word() -> None:
    if on_this_system() is None:
        with pytest.raises(WordMissing, match="Windows"):
            connect()
