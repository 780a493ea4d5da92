"""Documents that reach out for addresses and files get nothing, by either engine, and their macros never run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from millhand.core.errors import MillhandError
from millhand.engines.soffice import Soffice
from tests import documents
from tests.acceptance.documents.website import Website, open_website
from tests.hostile import HOSTILE
from tests.hostile.bait import SECRET, Bait, Watched
from tests.hostile.macros import MACROS, RAN
from tests.hostile.packages import PACKAGES
from tests.integration.engines.support import QUICK, Converter
from tests.support import needs_soffice

pytestmark = needs_soffice


@pytest.fixture
def by(engine: Soffice, tmp_path: Path) -> Converter:
    return Converter(engine, tmp_path)


@pytest.fixture
def website() -> Iterator[Website]:
    with open_website() as opened:
        yield opened


@pytest.fixture
def secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """A file that everybody may read, beside all documents."""
    path = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    path.write_text(f"{SECRET}\n")
    watched = Watched(path)
    yield watched
    watched.close()


@pytest.mark.parametrize("name", list(HOSTILE))
def test_nothing_is_fetched_and_no_other_file_is_opened(
    name: str, by: Converter, website: Website, secret: Watched, tmp_path: Path
) -> None:
    by.convert(HOSTILE[name](tmp_path, Bait(website.address, secret.path)))
    _assert_untouched(by, website, secret)


@pytest.mark.parametrize("name", ["word: linked pictures", "word: vector picture", "excel: other books", "web page"])
def test_nor_by_the_cold_engine(
    name: str, cold_engine: Soffice, website: Website, secret: Watched, tmp_path: Path
) -> None:
    by = Converter(cold_engine, tmp_path)
    by.convert(HOSTILE[name](tmp_path, Bait(website.address, secret.path)))
    _assert_untouched(by, website, secret)


def test_what_reads_the_bait_is_seen(website: Website, secret: Watched) -> None:
    bait = Bait(website.address, secret.path)
    assert SECRET in bait.path.read_text()
    assert secret.touched()
    assert not secret.touched()


@pytest.mark.parametrize("kind", list(MACROS))
def test_macros_never_run(kind: str, by: Converter, tmp_path: Path) -> None:
    by.convert(MACROS[kind](tmp_path))
    assert RAN not in by.text()


def test_nor_in_the_cold_engine(cold_engine: Soffice, tmp_path: Path) -> None:
    by = Converter(cold_engine, tmp_path)
    by.convert(MACROS["text"](tmp_path))
    assert RAN not in by.text()


@pytest.mark.parametrize("name", list(PACKAGES))
def test_odd_packages_end_and_leave_nothing(name: str, by: Converter, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    source = PACKAGES[name].make(folder)
    before = set(tmp_path.rglob("*"))
    assert _ending(by, source) in {"", *PACKAGES[name].codes}
    assert set(tmp_path.rglob("*")) - before <= {by.target}
    assert not [path for path in by.engine.folder.iterdir() if path.name.startswith("document-")]
    assert by.convert(documents.docx(tmp_path / "good.docx")).seconds < QUICK.seconds


def _assert_untouched(by: Converter, website: Website, secret: Watched) -> None:
    assert website.seen == []
    assert not secret.touched()
    assert SECRET not in by.text()


def _ending(by: Converter, source: Path) -> str:
    """The code of the error with which a conversion ends; nothing if it ends well."""
    try:
        by.convert(source)
    except MillhandError as error:
        return error.code
    return ""
