"""Documents whose macros want to run when they are opened, and would write `RAN` into them then.

Source of the projects in Office files: [MS-OVBA] 2.3.4.2 (dir stream), 2.4.1 (compression, here without any).
"""

import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from openpyxl import Workbook

from tests import documents
from tests.compound import content_of
from tests.hostile.opendocument import SPACES, flat, package

RAN = "MACRORAN"

_CHUNK = 4096
_IN_OFFICE = f"""\
 On Error Resume Next
 ActiveDocument.Range.Text = "{RAN}"
 Range("A1").Value = "{RAN}"
"""
_IN_LIBREOFFICE = f"""\
 On Error Resume Next
 ThisComponent.Text.String = "{RAN}"
 ThisComponent.Sheets(0).getCellByPosition(0, 0).String = "{RAN}"
 Dim size As New com.sun.star.awt.Size
 size.Width = 9000
 size.Height = 2000
 shape = ThisComponent.createInstance("com.sun.star.drawing.TextShape")
 ThisComponent.DrawPages(0).add(shape)
 shape.Size = size
 shape.String = "{RAN}"
"""


def word(folder: Path) -> Path:
    """A Word document with macros of every name that Word calls by itself."""
    names = ("AutoOpen", "AutoExec", "Document_Open", "AutoClose")
    return documents.with_macros(folder / "a.docm", _project("ThisDocument", _subs(names, _IN_OFFICE)))


def excel(folder: Path) -> Path:
    """A workbook with such macros."""
    plain, path = folder / "plain.xlsx", folder / "a.xlsm"
    Workbook().save(plain)
    names = ("Auto_Open", "Workbook_Open", "Workbook_Activate")
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as made:
        for name in source.namelist():
            content = source.read(name).decode()
            if name == "[Content_Types].xml":
                binary = '<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
                content = content.replace(kind, "application/vnd.ms-excel.sheet.macroEnabled.main+xml")
                content = content.replace("</Types>", binary)
            if name == "xl/_rels/workbook.xml.rels":
                project = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
                relation = f'<Relationship Id="rId99" Type="{project}" Target="vbaProject.bin"/></Relationships>'
                content = content.replace("</Relationships>", relation)
            made.writestr(name, content)
        made.writestr("xl/vbaProject.bin", _project("ThisWorkbook", _subs(names, _IN_OFFICE)))
    return path


def opendocument(kind: str, suffix: str, body: str) -> Callable[[Path], Path]:
    """What makes an OpenDocument package with macros in Basic and in Python, bound to its being loaded."""

    def make(folder: Path) -> Path:
        calls = "".join(
            f'<script:event-listener script:language="ooo:script" script:event-name="{event}" '
            f'xlink:href="vnd.sun.star.script:{macro}&amp;location=document"/>'
            for event, macro in (
                ("dom:load", "Standard.M.Main?language=Basic"),
                ("office:load-finished", "evil.py$main?language=Python"),
            )
        )
        basic = "http://openoffice.org/2000"
        parts = {
            "content.xml": (
                f'<office:document-content {SPACES} office:version="1.3"><office:scripts><office:event-listeners>'
                f"{calls}</office:event-listeners></office:scripts><office:body><office:{kind}>{body}</office:{kind}>"
                "</office:body></office:document-content>"
            ),
            "Basic/script-lc.xml": (
                f'<library:libraries xmlns:library="{basic}/library"><library:library library:name="Standard" '
                'library:link="false"/></library:libraries>'
            ),
            "Basic/Standard/script-lb.xml": (
                f'<library:library xmlns:library="{basic}/library" library:name="Standard"><library:element '
                'library:name="M"/></library:library>'
            ),
            "Basic/Standard/M.xml": (
                f'<script:module xmlns:script="{basic}/script" script:name="M" script:language="StarBasic">'
                f"{_subs(('Main',), _IN_LIBREOFFICE)}</script:module>"
            ),
            "Scripts/python/evil.py": f"def main(*_):\n    XSCRIPTCONTEXT.getDocument().Text.String = '{RAN}'\n",
        }
        return package(folder / f"a.{suffix}", kind, parts)

    return make


def flat_text(folder: Path) -> Path:
    """The same in one file."""
    before = (
        '<office:scripts><office:script script:language="ooo:Basic"><ooo:libraries><ooo:library-embedded '
        'ooo:name="Standard"><ooo:module ooo:name="M"><ooo:source-code>'
        f"{_subs(('Main',), _IN_LIBREOFFICE)}</ooo:source-code></ooo:module>"
        "</ooo:library-embedded></ooo:libraries></office:script><office:event-listeners>"
        '<script:event-listener script:language="ooo:script" script:event-name="dom:load" xlink:type="simple" '
        'xlink:href="vnd.sun.star.script:Standard.M.Main?language=Basic&amp;location=document"/>'
        "</office:event-listeners></office:scripts>"
    )
    return flat(folder / "a.fodt", "text", "<text:p>Words</text:p>", before)


MACROS: Mapping[str, Callable[[Path], Path]] = {
    "word": word,
    "excel": excel,
    "text": opendocument("text", "odt", "<text:p>Words</text:p>"),
    "spreadsheet": opendocument("spreadsheet", "ods", '<table:table table:name="a"><table:table-row/></table:table>'),
    "presentation": opendocument("presentation", "odp", "<draw:page/>"),
    "flat text": flat_text,
}
"""What makes such a document in a folder."""


def _subs(names: tuple[str, ...], body: str) -> str:
    return "".join(f"Sub {name}()\r\n{body}End Sub\r\n" for name in names)


def _project(module: str, source: str) -> bytes:
    """A macro project of one module, which is that of the document itself."""
    code = f'Attribute VB_Name = "{module}"\r\n{source}'.encode()
    inside = {
        "dir": _compressed(_dir(module.encode())),
        module: _compressed(code),
        "_VBA_PROJECT": b"\xcc\x61\xff\xff\0",
    }
    listed = f'ID="{{00000000-0000-0000-0000-000000000000}}"\r\nDocument={module}/&H00000000\r\nName="P"\r\n'
    return content_of({"PROJECT": listed.encode()}, "VBA", inside)


def _dir(module: bytes) -> bytes:
    wide = module.decode().encode("utf-16-le")
    number, short = struct.Struct("<I"), struct.Struct("<H")
    before = (
        (0x01, number.pack(1)), (0x02, number.pack(0x409)), (0x14, number.pack(0x409)), (0x03, short.pack(1252)),
        (0x04, b"P"), (0x05, b""), (0x40, b""), (0x06, b""), (0x3D, b""), (0x07, number.pack(0)),
        (0x08, number.pack(0)),
    )  # fmt: skip
    # The version's length does not count its last two bytes.
    version = struct.pack("<HIIH", 0x09, 4, 1, 1)
    after = (
        (0x0C, b""), (0x3C, b""), (0x0F, short.pack(1)), (0x13, short.pack(0xFFFF)),
        (0x19, module), (0x47, wide), (0x1A, module), (0x32, wide), (0x1C, b""), (0x48, b""), (0x31, number.pack(0)),
        (0x1E, number.pack(0)), (0x2C, short.pack(0xFFFF)), (0x22, b""), (0x2B, b""), (0x10, b""),
    )  # fmt: skip
    return _records(before) + version + _records(after)


def _records(records: tuple[tuple[int, bytes], ...]) -> bytes:
    return b"".join(struct.pack("<HI", number, len(content)) + content for number, content in records)


def _compressed(content: bytes) -> bytes:
    """The content as chunks of literal bytes: a flag byte of zeros before each eight."""
    made = b"\x01"
    for start in range(0, len(content), _CHUNK // 2):
        part = content[start : start + _CHUNK // 2]
        tokens = b"".join(b"\0" + part[at : at + 8] for at in range(0, len(part), 8))
        made += struct.pack("<H", 0xB000 | (len(tokens) + 2 - 3)) + tokens
    return made
