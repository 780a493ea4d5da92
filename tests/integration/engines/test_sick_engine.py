"""A sick LibreOffice does not get good documents discarded, and is used again when it is well."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from millhand import App
from millhand.core.outcome import Discarded, Retry
from millhand.engines.soffice import Installation, Soffice, SofficeSettings, find, sample
from millhand.handlers.documents.convert import ConvertDocument, documents
from millhand.handlers.documents.settings import DocumentSettings
from millhand.testing import InlineApp
from tests.support import needs_soffice, wait_until

pytestmark = needs_soffice

GOOD = ConvertDocument(source="memory://documents/good.docx")
WORDS = "the engine fails with a test document too; it is replaced"


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    """A LibreOffice that can be taken away and given back: its parts are links to those of the real one."""
    real: Installation = find()
    root = tmp_path / "libreoffice"
    root.mkdir()
    for part in ("program", "share"):
        (root / part).symlink_to(real.root / part)
    return root


@pytest.fixture
async def inline(installation: Path) -> AsyncIterator[InlineApp]:
    app = App()
    app.include(documents(DocumentSettings(engine=SofficeSettings(installation=installation, fork_server=False))))
    async with InlineApp(app) as opened:
        await opened.blobs.put(sample.document(), GOOD.source)
        yield opened


async def test_a_missing_program_is_not_the_documents_fault(inline: InlineApp, installation: Path) -> None:
    assert (await inline.run(GOOD)).completed
    program = (installation / "program").readlink()
    (installation / "program").unlink()
    ran = await inline.run(GOOD)
    assert isinstance(ran.outcome, Retry)
    assert ran.failure is not None
    assert ran.failure.code == "engine_failed"
    assert [line.text for line in ran.log if line.level == "warning"] == [WORDS]
    (installation / "program").symlink_to(program)
    assert (await inline.run(GOOD)).completed


async def test_a_bad_document_is_not_the_engines_fault(inline: InlineApp) -> None:
    await inline.blobs.put(b"\x03" + bytes(31) + b"no table at all" * 9, "memory://documents/bad.dbf")
    ran = await inline.run(ConvertDocument(source="memory://documents/bad.dbf"))
    assert isinstance(ran.outcome, Discarded)
    assert ran.failure is not None
    assert ran.failure.code == "document_unreadable"
    assert [line.text for line in ran.log if line.level == "warning"] == []


def test_a_renewed_engine_has_another_fork_server(tmp_path: Path) -> None:
    engine = Soffice(SofficeSettings(), tmp_path / "work")
    try:
        engine.warm_up()
        before = engine.fork_server_pid
        engine.renew()
        assert engine.check().engine == "libreofficekit"
        assert engine.fork_server_pid not in {None, before}
        wait_until(lambda: len(list(engine.folder.glob("server-*"))) == 1, what="only the new server's folder")
    finally:
        engine.close()
