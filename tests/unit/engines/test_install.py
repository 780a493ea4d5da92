"""Finding LibreOffice, and saying what is missing."""

from pathlib import Path

import pytest

from millhand.core.errors import EngineMissing
from millhand.engines.soffice import fonts, install, profile

REGISTRY = """<node oor:name="Product">
<prop oor:name="ooSetupVersionAboutBox">
  <value>24.8.3.2</value></prop></node>"""


def installed(root: Path, *, parts: tuple[str, ...] = ()) -> Path:
    for name in ("program/soffice.bin", "program/libmergedlo.so", *parts):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    registry = root / "share/registry/main.xcd"
    registry.parent.mkdir(parents=True)
    registry.write_text(REGISTRY)
    return root


def test_the_version_comes_from_its_configuration(tmp_path: Path) -> None:
    found = install.find(installed(tmp_path))
    assert (found.version, found.major_minor) == ("24.8.3.2", "24.8")
    assert found.executable == tmp_path / "program" / "soffice.bin"
    assert found.library == tmp_path / "program" / "libmergedlo.so"


def test_missing_parts_name_their_packages(tmp_path: Path) -> None:
    found = install.find(installed(tmp_path, parts=("program/libswlo.so", "program/libsclo.so")))
    assert {part.package for part in found.missing} == {"libreoffice-impress", "libreoffice-math", "libreoffice-writer"}
    assert any("nogui" in part.what for part in found.missing)


def test_no_libreoffice_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="not found") as caught:
        install.find(tmp_path)
    assert "apt-get install" in caught.value.hint


def test_missing_fonts_name_their_packages() -> None:
    missing = fonts.missing_fonts(frozenset(fonts.PACKAGES) - {"Carlito"})
    assert [(one.family, one.package) for one in missing] == [("Carlito", "fonts-crosextra-carlito")]
    assert {"Calibri", "Aptos"} <= set(missing[0].stands_for)


def test_a_seeded_profile_skips_the_first_start(tmp_path: Path) -> None:
    made = profile.seed(tmp_path / "profile", "7.4")
    settings = (made / "user" / "registrymodifications.xcu").read_text()
    assert 'oor:name="ooSetupLastVersion" oor:op="fuse"><value>7.4</value>' in settings
    assert 'oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value>' in settings
    copied = profile.copy(made, tmp_path / "copy")
    assert (copied / "user" / "registrymodifications.xcu").read_text() == settings
