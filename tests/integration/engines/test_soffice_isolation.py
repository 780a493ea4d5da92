"""One document can't hurt another, nor the machine, nor outlive its owner; and none runs or fetches anything."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from millhand.core.errors import JobCancelled
from millhand.engines.soffice import DocumentLimits, PdfExport, Soffice, SofficeSettings
from millhand.engines.soffice.errors import ConversionStarved, DocumentTooDemanding, DocumentUnreadable
from tests import documents
from tests.integration.engines.support import QUICK
from tests.support import needs_soffice, wait_until

pytestmark = needs_soffice

WORD = PdfExport(".docx")


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return documents.heavy(tmp_path_factory.mktemp("heavy") / "heavy.docx")


def children_of(engine: Soffice) -> list[psutil.Process]:
    return [one for one in psutil.Process().children(recursive=True) if _works_for(engine, one)]


def _works_for(engine: Soffice, process: psutil.Process) -> bool:
    try:
        return str(engine.folder) in " ".join(process.cmdline()) or str(engine.folder) in process.cwd()
    except psutil.Error:
        return False


def leftovers(engine: Soffice) -> list[str]:
    return [path.name for path in engine.folder.iterdir() if path.name.startswith("document-")]


def test_a_document_over_its_time_is_stopped_and_others_go_on(engine: Soffice, heavy: Path, tmp_path: Path) -> None:
    began = time.monotonic()
    outcome: list[Exception] = []

    def convert_heavy() -> None:
        try:
            engine.convert(heavy, tmp_path / "heavy.pdf", WORD, DocumentLimits(seconds=2))
        except DocumentTooDemanding as error:
            outcome.append(error)
        except ConversionStarved as error:
            outcome.append(error)

    thread = threading.Thread(target=convert_heavy)
    thread.start()
    light = documents.docx(tmp_path / "light.docx")
    assert engine.convert(light, tmp_path / "light.pdf", WORD, QUICK).engine == "libreofficekit"
    thread.join()
    assert time.monotonic() - began < 6
    assert "2 s" in str(outcome[0])
    assert not (tmp_path / "heavy.pdf").exists()
    assert leftovers(engine) == []
    assert engine.check().engine == "libreofficekit"


def test_a_document_over_its_memory_is_stopped(engine: Soffice, heavy: Path, tmp_path: Path) -> None:
    limits = DocumentLimits(seconds=60, memory=200 << 20)
    with pytest.raises(DocumentTooDemanding, match="200 MB of memory"):
        engine.convert(heavy, tmp_path / "out.pdf", WORD, limits)
    assert engine.check().engine == "libreofficekit"


def test_a_pdf_over_its_size_is_stopped(engine: Soffice, tmp_path: Path) -> None:
    source = documents.docx(tmp_path / "a.docx")
    with pytest.raises(DocumentTooDemanding, match="grew beyond"):
        engine.convert(source, tmp_path / "out.pdf", WORD, DocumentLimits(seconds=30, output=4096))


def test_a_cancelled_document_is_stopped_at_once(engine: Soffice, heavy: Path, tmp_path: Path) -> None:
    cancel_at = time.monotonic() + 0.5
    with pytest.raises(JobCancelled):
        engine.convert(heavy, tmp_path / "out.pdf", WORD, DocumentLimits(), lambda: time.monotonic() > cancel_at)
    assert time.monotonic() - cancel_at < 1
    assert leftovers(engine) == []


def test_the_cold_engine_keeps_the_same_limits(cold_engine: Soffice, heavy: Path, tmp_path: Path) -> None:
    with pytest.raises((DocumentTooDemanding, ConversionStarved)):
        cold_engine.convert(heavy, tmp_path / "out.pdf", WORD, DocumentLimits(seconds=2))
    assert leftovers(cold_engine) == []
    assert children_of(cold_engine) == []
    assert cold_engine.check().engine == "soffice"


def test_a_document_that_no_engine_reads(engine: Soffice, tmp_path: Path) -> None:
    source = documents.truncated(documents.docx(tmp_path / "whole.docx"), tmp_path / "a.docx")
    with pytest.raises(DocumentUnreadable, match="damaged or not supported") as caught:
        engine.convert(source, tmp_path / "out.pdf", WORD, QUICK)
    assert str(tmp_path) not in caught.value.message
    assert not (tmp_path / "out.pdf").exists()
    assert engine.check().healthy


def test_a_text_is_not_converted_as_a_table(engine: Soffice, tmp_path: Path) -> None:
    source = tmp_path / "a.fods"
    source.write_text("<office:document>no declaration, no sheet</office:document>")
    with pytest.raises(DocumentUnreadable):
        engine.convert(source, tmp_path / "out.pdf", PdfExport(".fods", "calc"), QUICK)


def test_the_fork_server_has_one_thread_from_the_start(tmp_path: Path) -> None:
    engine = Soffice(SofficeSettings(), tmp_path / "work")
    try:
        engine.warm_up()
        assert psutil.Process(engine.fork_server_pid).num_threads() == 1
    finally:
        engine.close()


def test_a_killed_fork_server_is_replaced(tmp_path: Path) -> None:
    engine = Soffice(SofficeSettings(), tmp_path / "work")
    try:
        engine.warm_up()
        victim = engine.fork_server_pid
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        done = engine.convert(documents.docx(tmp_path / "a.docx"), tmp_path / "out.pdf", WORD, QUICK)
        assert done.engine == "libreofficekit"
        assert engine.fork_server_pid not in {None, victim}
    finally:
        engine.close()


def test_fork_servers_are_replaced_when_old(tmp_path: Path) -> None:
    engine = Soffice(SofficeSettings(recycle_documents=3), tmp_path / "work")
    source = documents.docx(tmp_path / "a.docx")
    pids: set[int | None] = set()
    try:
        for number in range(8):
            done = engine.convert(source, tmp_path / f"{number}.pdf", WORD, QUICK)
            assert done.engine == "libreofficekit"
            pids.add(engine.fork_server_pid)
        wait_until(lambda: len(pids | {engine.fork_server_pid}) > 1, what="a second fork server")
        wait_until(lambda: len(list(engine.folder.glob("server-*"))) == 1, what="only the current server's folder")
    finally:
        engine.close()
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("rung", ["kit", "cold"])
def test_everything_dies_with_a_killed_owner(heavy: Path, tmp_path: Path, rung: str) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom millhand.engines.soffice import *\n"
        "engine = Soffice(SofficeSettings(fork_server=sys.argv[3] == 'kit'), Path(sys.argv[1]))\n"
        "engine.warm_up()\nprint('ready', flush=True)\n"
        "engine.convert(Path(sys.argv[2]), Path(sys.argv[1]) / 'out.pdf', PdfExport('.docx'), DocumentLimits())\n"
    )
    work = tmp_path / "work"
    with subprocess.Popen([sys.executable, "-c", program, work, heavy, rung], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"ready\n"
        root = psutil.Process(owner.pid)
        family = wait_until(lambda: _at_least(root, 2), what="the document's process")
        owner.kill()
    _, alive = psutil.wait_procs(family, timeout=3)
    assert alive == []
    assert len(list(work.iterdir())) == 1
    # The next engine in the same place sweeps what the dead one left.
    Soffice(SofficeSettings(), work).close()
    assert list(work.iterdir()) == []


def _at_least(root: psutil.Process, number: int) -> list[psutil.Process]:
    family = root.children(recursive=True)
    return family if len(family) >= number else []
