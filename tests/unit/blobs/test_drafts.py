"""Drafts of writers that were killed are removed once they are old, and nothing else is."""

import os
from pathlib import Path

from millhand.blobs.replace import remove_old_drafts, replace_file


def test_only_old_drafts_go(tmp_path: Path) -> None:
    replace_file(tmp_path / "export.png", [b"whole"])
    for name, age in ((".millhand-0123456789abcdef.part", 10), (".millhand-fedcba9876543210.part", 1_000)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (age, age))
    (tmp_path / ".millhand-mine.part").write_bytes(b"somebody else's")
    os.utime(tmp_path / ".millhand-mine.part", (10, 10))
    assert remove_old_drafts(tmp_path, before=500) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        ".millhand-fedcba9876543210.part",
        ".millhand-mine.part",
        "export.png",
    ]
