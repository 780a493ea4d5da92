"""Documents in the folder `document.convert` become the PDFs that their folders tell of; a new folder is a new case.

A case has `input.*`, the options of the job in `options.json`, and `expected.json`, in which only what is named counts.
"""

import asyncio
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import pypdfium2
import pytest
from pydantic import BaseModel, ConfigDict

from millhand import App
from millhand.engines.soffice import sample
from millhand.handlers.documents.convert import ConvertDocument, documents
from millhand.handlers.documents.options import PdfOptions
from millhand.handlers.documents.settings import DocumentSettings
from millhand.testing import InlineApp, Ran
from tests.support import needs_soffice

pytestmark = needs_soffice

CASES = sorted(path for path in Path(__file__).with_name("document.convert").iterdir() if path.is_dir())


class Expected(BaseModel):
    """What a case's PDF is to be: pages, texts that it has and has not; and what the job is to say of it."""

    model_config = ConfigDict(extra="forbid")

    pages: int
    text: list[str] = []
    no_text: list[str] = []
    engine: str = ""
    landscape: bool | None = None
    degraded: bool | None = None
    substituted: list[str] | None = None
    notices: list[str] | None = None


Convert: TypeAlias = Callable[[Path], tuple[Ran, bytes]]


@pytest.fixture(scope="module")
def convert() -> Iterator[Convert]:
    """Runs the job of a case; all cases share an engine, which is warm from the start."""
    app = App()
    app.include(documents(DocumentSettings()))
    inline = InlineApp(app)

    async def warm_up() -> None:
        await inline.blobs.put(sample.document(), "memory://golden/warm-up.docx")
        await inline.run(ConvertDocument(source="memory://golden/warm-up.docx"))

    async def run(source: Path, options: PdfOptions) -> tuple[Ran, bytes]:
        url, target = f"memory://golden/{source.parent.name}/{source.name}", "memory://golden/out.pdf"
        await inline.blobs.put(source, url)
        ran = await inline.run(ConvertDocument(source=url, target=target, options=options))
        return ran, b"".join([piece async for piece in inline.blobs.stream(target)]) if ran.completed else b""

    with asyncio.Runner() as runner:
        # One thread for blocking calls: more of them, started by a later case, would look like a leak.
        runner.get_loop().set_default_executor(ThreadPoolExecutor(1))
        runner.run(inline.__aenter__())
        runner.run(warm_up())
        yield lambda case: runner.run(run(*_order(case)))
        runner.run(inline.__aexit__(None, None, None))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_golden(case: Path, convert: Convert) -> None:
    expected = Expected.model_validate_json((case / "expected.json").read_text())
    ran, pdf = convert(case)
    assert ran.failure is None
    facts = {**_facts(pdf), **_told(ran.result)}
    wanted = expected.model_dump(exclude_unset=True, exclude={"text", "no_text"})
    assert {name: facts[name] for name in wanted} == wanted
    text = _text(pdf)
    assert [words for words in expected.text if words not in text] == []
    assert [words for words in expected.no_text if words in text] == []


def _order(case: Path) -> tuple[Path, PdfOptions]:
    (source,) = case.glob("input.*")
    return source, PdfOptions.model_validate_json((case / "options.json").read_text())


def _told(result: dict[str, Any]) -> dict[str, Any]:
    substituted = [one["asked"] for one in result["fonts"]["substituted"]]
    return {**{name: result[name] for name in ("pages", "engine", "degraded", "notices")}, "substituted": substituted}


def _facts(pdf: bytes) -> dict[str, Any]:
    with closing(pypdfium2.PdfDocument(io.BytesIO(pdf))) as document:
        width, height = document.get_page_size(0)
    return {"landscape": width > height}


def _text(pdf: bytes) -> str:
    with closing(pypdfium2.PdfDocument(io.BytesIO(pdf))) as document:
        return "\n".join(page.get_textpage().get_text_bounded() for page in document)
