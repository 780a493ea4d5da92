"""Documents at the edge of what is allowed: large ones, slow ones, and one that is converted twice."""

import zipfile
from pathlib import Path

from millhand.core.state import State
from tests import documents
from tests.acceptance.documents.office import WITHIN, Office, connected, running_worker
from tests.support import needs_soffice, wait_until

pytestmark = needs_soffice

SLOW = {"document_too_demanding", "conversion_starved"}


def test_a_document_of_nearly_200_mb_is_converted(office: Office) -> None:
    large = documents.docx(office.files / "large.docx", documents.paragraph("Large"))
    with zipfile.ZipFile(large, "a", zipfile.ZIP_STORED) as package, package.open("word/media/film.bin", "w") as part:
        for _ in range(190):
            part.write(bytes(1 << 20))
    detail = office.convert(large)
    assert detail.row.state is State.COMPLETED
    assert detail.result["peak_memory"] < 1 << 30
    assert office.memory_of_executors() < 400 << 20
    assert office.leftovers() == []


def test_a_document_converted_twice_is_one_pdf(office: Office) -> None:
    folder = office.files / "twice"
    folder.mkdir()
    source = documents.docx(folder / "a.docx")
    jobs = [office.enqueue(source), office.enqueue(source)]
    details = [office.settled(job) for job in jobs]
    assert {detail.row.state for detail in details} == {State.COMPLETED}
    assert sorted(path.name for path in folder.iterdir()) == ["a.docx", "a.pdf"]
    assert {detail.result["url"] for detail in details} == {(folder / "a.pdf").as_uri()}


def test_a_slow_document_is_stopped_while_others_are_converted_and_nothing_stays(tmp_path: Path) -> None:
    with running_worker(tmp_path, MILLHAND_LIBREOFFICE__SECONDS="2s") as worker, connected(worker, tmp_path) as office:
        office.convert_a_good_one()
        slow = office.enqueue(documents.heavy(office.files / "heavy.docx"))
        wait_until(lambda: office.jobs.job(slow.id).state is State.RUNNING, within=WITHIN, what="the slow one runs")
        light = office.convert(documents.docx(office.files / "light.docx"))
        assert light.row.state is State.COMPLETED
        # On a machine that is too busy the slow one is given another chance; how its first one ended counts.
        [stopped] = wait_until(lambda: office.jobs.history(slow).attempts[:1], within=WITHIN, what="the slow one ends")
        assert light.attempts[0].finished_at < stopped.finished_at
        assert stopped.failure is not None
        assert stopped.failure.code in SLOW
        assert "2 s" in stopped.failure.message
        assert stopped.ran < 30
        office.jobs.cancel(slow)
        assert office.convert_a_good_one().row.state is State.COMPLETED
        assert office.leftovers() == []
        family = worker.children(recursive=True)
        assert len(family) > 1
    assert not [one for one in family if one.is_running()]
    assert list((tmp_path / "data" / "work").iterdir()) == []
    assert list((tmp_path / "temporary").iterdir()) == []
