"""What is served beside the pages: others' work as it came, and scripts that are small."""

import hashlib
import tomllib
from importlib import resources

from millhand.web.dashboard.rendering import PACKAGE

STATIC = resources.files(PACKAGE) / "static"


def test_vendored_files_are_what_is_recorded() -> None:
    vendor = STATIC / "vendor"
    recorded = {one["name"]: one["sha256"] for one in tomllib.loads((vendor / "VENDORED.toml").read_text())["file"]}
    found = {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest()
        for one in vendor.iterdir()
        if one.name != "VENDORED.toml"
    }
    assert found == recorded


def test_no_template_has_scripts_or_styles_within() -> None:
    for template in (resources.files(PACKAGE) / "templates").iterdir():
        text = template.read_text()
        assert " style=" not in text, template.name
        assert "<style" not in text, template.name
        assert " onclick=" not in text, template.name
        assert text.count("<script") == text.count("<script src="), template.name
