"""Packages that are hostile as such: by the names of their parts, by what these hold, by how they lie."""

import shutil
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests import documents
from tests.hostile.opendocument import SPACES, package
from tests.hostile.word import OFFICE, PACKAGE

_LINK = 0o120777 << 16  # a symbolic link, in the upper half of a part's attributes


def leading_out(folder: Path) -> Path:
    """Parts whose names lead out of any folder that they would be unpacked into."""
    names = ("../out.txt", "../../out.txt", "..\\..\\out.txt", f"{folder.parent}/out.txt", "word/../../out.txt")
    return documents.docx(folder / "names.docx", documents.paragraph("Words"), dict.fromkeys(names, b"out"))


def symbolic_links(folder: Path) -> Path:
    """A picture that is a symbolic link to a file of the machine, and a folder that is one."""
    path = package(folder / "links.odt", "text", {"content.xml": _shows("Pictures/a.png")})
    with zipfile.ZipFile(path, "a") as made:
        for name, target in (("Pictures/a.png", "/etc/passwd"), ("Configurations2", "/etc")):
            link = zipfile.ZipInfo(name)
            link.create_system, link.external_attr = 3, _LINK
            made.writestr(link, target)
    return path


def same_name_twice(folder: Path) -> Path:
    """Two main parts: one is looked at before, the other might be used."""
    path = documents.docx(folder / "twice.docx", documents.paragraph("Words"))
    with zipfile.ZipFile(path) as made:
        main = made.read("word/document.xml")
    other = main.replace(b"Words", b"Others")
    path.write_bytes(_with_part(path, "word/document.xmI", other).replace(b"document.xmI", b"document.xml"))
    return path


def bomb_inside(folder: Path) -> Path:
    """A harmless document that embeds one that is a bomb."""
    bomb = documents.bomb(folder / "bomb.docx").read_bytes()
    shown = (
        '<w:p><w:r><w:object><v:shape xmlns:v="urn:schemas-microsoft-com:vml" id="s" style="width:9pt;height:9pt"/>'
        '<o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" Type="Embed" ProgID="Word.Document.12" '
        f'ShapeID="s" DrawAspect="Content" xmlns:r="{OFFICE}" r:id="rId9"/></w:object></w:r></w:p>'
    )
    relation = f'<Relationship Id="rId9" Type="{OFFICE}/package" Target="embeddings/bomb.docx"/>'
    parts = {
        "word/embeddings/bomb.docx": bomb,
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}">{relation}</Relationships>'.encode(),
    }
    return documents.docx(folder / "embeds.docx", shown, parts)


def deep_elements(folder: Path) -> Path:
    """Elements within elements within elements, for programs that call themselves for each."""
    depth = 50_000
    return package(
        folder / "deep.odt", "text", {"content.xml": _content("<text:span>" * depth + "a" + "</text:span>" * depth)}
    )


def broken_fonts(folder: Path) -> Path:
    """Fonts inside the document that are none."""
    font = struct.pack(">IHHHH", 0x00010000, 65_535, 65_535, 16, 0) + b"\xff" * 5_000
    key = "{00000000-0000-0000-0000-000000000000}"
    table = (
        f'<w:fonts xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="{OFFICE}">'
        f'<w:font w:name="Broken"><w:embedRegular r:id="rId1" w:fontKey="{key}"/></w:font></w:fonts>'
    )
    to_table = f'<Relationship Id="rId1" Type="{OFFICE}/fontTable" Target="fontTable.xml"/>'
    to_font = f'<Relationship Id="rId1" Type="{OFFICE}/font" Target="fonts/font1.odttf"/>'
    parts = {
        "word/fontTable.xml": table.encode(),
        "word/fonts/font1.odttf": font,
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PACKAGE}">{to_table}</Relationships>'.encode(),
        "word/_rels/fontTable.xml.rels": f'<Relationships xmlns="{PACKAGE}">{to_font}</Relationships>'.encode(),
    }
    run = '<w:p><w:r><w:rPr><w:rFonts w:ascii="Broken" w:hAnsi="Broken"/></w:rPr><w:t>Words</w:t></w:r></w:p>'
    return documents.docx(folder / "fonts.docx", run, parts)


def overlapping(folder: Path, parts: int = 200) -> Path:
    """A bomb of parts that all lie over one another, so that each is small and all together are not."""
    inner = folder / "inner.zip"
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("word/media/0.bin", bytes(20 << 20))
    content = inner.read_bytes()
    inner.unlink()
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    entry = content[start:end]
    directory = b"".join(entry.replace(b"media/0.bin", f"media/{n % 10}.bin".encode()) for n in range(parts))
    counts = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, parts, parts, len(directory), start, 0)
    path = folder / "overlapping.docx"
    path.write_bytes(content[:start] + directory + counts)
    return path


@dataclass(frozen=True)
class Package:
    """What makes a package in a folder, and how its conversion may end: well, or with one of these codes."""

    make: Callable[[Path], Path]
    codes: tuple[str, ...] = ()


PACKAGES: Mapping[str, Package] = {
    "names that lead out": Package(leading_out, ("document_unreadable",)),
    "symbolic links": Package(symbolic_links, ("document_unreadable",)),
    "the same name twice": Package(same_name_twice),
    "a bomb inside": Package(bomb_inside),
    "deep elements": Package(deep_elements),
    "broken fonts": Package(broken_fonts),
    "overlapping parts": Package(overlapping, ("zip_bomb",)),
}


def _content(body: str) -> str:
    return (
        f'<office:document-content {SPACES} office:version="1.3"><office:body><office:text><text:p>{body}</text:p>'
        "</office:text></office:body></office:document-content>"
    )


def _shows(picture: str) -> str:
    image = f'<draw:image xlink:href="{picture}"/>'
    return _content(f'old<draw:frame svg:width="3cm" svg:height="3cm">{image}</draw:frame>')


def _with_part(path: Path, name: str, content: bytes) -> bytes:
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    with zipfile.ZipFile(copy, "a") as made:
        made.writestr(name, content)
    try:
        return copy.read_bytes()
    finally:
        copy.unlink()
