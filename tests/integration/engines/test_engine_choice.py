"""Word or LibreOffice: the first that makes the PDF, and a word where it should have been the other."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from millhand import App
from millhand.core.outcome import Completed, Discarded, Retry
from millhand.engines.soffice import sample
from millhand.engines.word.values import WordSettings
from millhand.handlers.documents.convert import ConvertDocument, documents
from millhand.handlers.documents.engine_choice import EngineName
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.settings import DocumentSettings
from millhand.testing import InlineApp
from millhand.testing.word import FakeWord
from tests.support import needs_soffice

SOURCE = "memory://documents/plain.txt"
LETTER = "memory://documents/letter.docx"
WORD = DocumentSettings(word=WordSettings(seconds=20.0, rest_seconds=0.0))
PLAIN = PdfOptions()
DRAFT = PdfOptions(watermark="DRAFT")


@pytest.fixture
async def fake() -> AsyncIterator[FakeWord]:
    word = FakeWord()
    yield word
    word.end()


@asynccontextmanager
async def opened(fake: FakeWord | None, settings: DocumentSettings = WORD) -> AsyncGenerator[InlineApp]:
    app = App()
    app.include(documents(settings, word=(lambda: fake) if fake is not None else None))
    async with InlineApp(app) as inline:
        await inline.blobs.put(sample.document(), LETTER)
        await inline.blobs.put(b"Dear reader\n", SOURCE)
        yield inline


def order(source: str = LETTER, engine: EngineName | None = None, options: PdfOptions = PLAIN) -> ConvertDocument:
    return ConvertDocument(source=source, engine=engine, options=options)


async def test_word_makes_it_where_it_is(fake: FakeWord) -> None:
    fake.document.pages = 3
    async with opened(fake) as inline:
        ran = await inline.run(order())
    assert ran.completed, ran.failure
    assert ran.result["engine"] == "word"
    assert (ran.result["engine_version"], ran.result["pages"], ran.result["fallback"]) == ("16.0", 3, "")
    assert ran.artefacts[0].facts["engine"] == "word"
    assert not fake.processes()


@needs_soffice
@pytest.mark.parametrize("trouble", ["missing", "busy", "fails", "lacks"])
async def test_libreoffice_makes_what_word_does_not(fake: FakeWord, trouble: str) -> None:
    fake.installed = trouble != "missing"
    fake.troubles = [("export", "refuse")] if trouble == "fails" else []
    busy = replace(WORD, word=replace(WORD.word, start_seconds=0.3)) if trouble == "busy" else WORD
    if trouble == "busy":
        fake.troubles = [("start", "hang")]
    async with opened(fake, busy) as inline:
        ran = await inline.run(order(options=DRAFT) if trouble == "lacks" else order())
    assert ran.completed, ran.failure
    assert ran.result["engine"] == "libreofficekit"
    assert ran.result["degraded"]
    assert ran.result["fallback"]
    assert ran.result["fonts"]["asked"]
    assert any("in place of Word" in notice for notice in ran.result["notices"])
    assert (ran.artefacts[0].facts["engine"], ran.artefacts[0].facts["degraded"]) == ("libreofficekit", True)


async def test_a_job_that_asks_for_word_gets_word_or_an_error(fake: FakeWord) -> None:
    fake.troubles = [("export", "refuse")]
    async with opened(fake) as inline:
        refused = await inline.run(order(engine="word"))
        lacking = await inline.run(order(engine="word", options=DRAFT))
        fake.installed = False
        fake.end()
        missing = await inline.run(order(engine="word"))
    assert isinstance(refused.outcome, Retry)
    assert isinstance(lacking.outcome, Discarded)
    assert isinstance(missing.outcome, Discarded)
    codes = [ran.failure.code for ran in (refused, lacking, missing) if ran.failure is not None]
    assert codes == ["word_failed", "not_for_word", "word_missing"]


@needs_soffice
async def test_where_there_can_be_no_word_auto_means_libreoffice_and_nothing_is_degraded() -> None:
    async with opened(None) as inline:
        plain = await inline.run(order(SOURCE))
        refused = await inline.run(order(SOURCE, engine="word"))
    assert isinstance(plain.outcome, Completed)
    assert (plain.result["engine"], plain.result["degraded"], plain.result["fallback"]) == ("libreofficekit", False, "")
    assert isinstance(refused.outcome, Discarded)


@needs_soffice
async def test_settings_that_ask_for_word_take_libreoffice_where_there_is_none() -> None:
    async with opened(None, replace(WORD, default_engine="word")) as inline:
        ran = await inline.run(order(SOURCE))
    assert ran.completed, ran.failure
    assert ran.result["degraded"]
    assert "no Word" in ran.result["fallback"]
