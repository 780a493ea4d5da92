"""The samples that `millhand up --demo` converts are all there, small, and what their program writes."""

import zipfile
from pathlib import Path

from millhand.demo import samples
from scripts.samples.catalogue import write_samples

MAX_TOTAL = 2_000_000


def contents(path: Path) -> dict[str, bytes]:
    """What is in the file; of an archive its members, since compression differs between versions of zlib."""
    if not zipfile.is_zipfile(path):
        return {path.name: path.read_bytes()}
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith(".xlsx")}


def test_there_are_enough_of_them_and_they_are_small() -> None:
    assert len(samples()) >= 14
    assert {path.suffix for path in samples()} == {".docx", ".odt", ".rtf", ".xlsx", ".pptx"}
    assert sum(path.stat().st_size for path in samples()) < MAX_TOTAL


def test_they_are_what_their_program_writes(tmp_path: Path) -> None:
    written = write_samples(tmp_path)

    assert [path.name for path in written] == [path.name for path in samples()]
    for expected, shipped in zip(written, samples(), strict=True):
        assert contents(shipped) == contents(expected), f"{shipped.name}: run `make samples`"
