"""Artefacts over all jobs: the newest first, by name, type and tenant, page by page."""

import pytest

from millhand.core.artefact import Artefact
from millhand.core.outcome import Completed
from millhand.ledger.inspector import Inspector, artefacts
from millhand.ledger.views import ArtefactFilter, ArtefactPage
from tests.integration.ledger.support import Factory


async def made(factory: Factory, tenant: str, *names: str) -> str:
    """A job of a tenant that made these files."""
    job = await factory.send(tenant=tenant, args='{"source": "file:///in/letter.docx"}')
    types = {"pdf": "application/pdf", "png": "image/png"}
    files = [Artefact(name, f"memory://{name}", types[name[-3:]], 10, "ab", {}) for name in names]
    await factory.settle(await factory.claim(), Completed(None, tuple(files)))
    return job


def names(page: ArtefactPage) -> list[str]:
    return [row.artefact.name for row in page.rows]


async def test_filters_combine(inspector: Inspector, factory: Factory) -> None:
    job = await made(factory, "acme", "Letter.pdf", "letter_1.png")
    await made(factory, "bolt", "bill.pdf")
    for wanted, expected in [
        (ArtefactFilter(), ["bill.pdf", "letter_1.png", "Letter.pdf"]),
        (ArtefactFilter(name="LETTER"), ["letter_1.png", "Letter.pdf"]),
        (ArtefactFilter(name="r_1"), ["letter_1.png"]),
        (ArtefactFilter(media_type="image/*"), ["letter_1.png"]),
        (ArtefactFilter(media_type="application/pdf", tenant="acme"), ["Letter.pdf"]),
        (ArtefactFilter(media_type="image"), []),
        (ArtefactFilter(tenant="nobody"), []),
    ]:
        assert names(await inspector.artefacts(wanted)) == expected, wanted
    oldest = (await inspector.artefacts()).rows[-1]
    assert (oldest.artefact.job_id, oldest.tenant, oldest.subject) == (job, "acme", "letter.docx")


async def test_pages_follow_one_another(
    inspector: Inspector, factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    await made(factory, "acme", *(f"{number}.pdf" for number in range(5)))
    first = await inspector.artefacts(limit=2)
    second = await inspector.artefacts(before=first.next, limit=3)
    assert (names(first), names(second)) == (["4.pdf", "3.pdf"], ["2.pdf", "1.pdf", "0.pdf"])
    assert second.next is None
    monkeypatch.setattr(artefacts, "WINDOW", 2)
    wanted, found, before = ArtefactFilter(name="0"), list[str](), None
    for looks in range(1, 4):
        page = await inspector.artefacts(wanted, before=before)
        found, before = [*found, *names(page)], page.next
        assert (before is None) == (looks == 3)
    assert found == ["0.pdf"]
