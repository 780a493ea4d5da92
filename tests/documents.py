"""Makes documents to convert: good ones with particular contents, and bad ones of every sort."""

import io
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from millhand.engines.soffice import sample

PROTECTED = Path(__file__).parent / "golden" / "documents" / "protected"
PASSWORD = "mill&hand"

_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def heading(text: str) -> str:
    return f'<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'


def inserted_and_deleted(inserted: str, deleted: str) -> str:
    about = 'w:author="A" w:date="2020-01-01T00:00:00Z"'
    return (
        f'<w:p><w:ins w:id="1" {about}><w:r><w:t>{inserted}</w:t></w:r></w:ins>'
        f'<w:del w:id="2" {about}><w:r><w:delText>{deleted}</w:delText></w:r></w:del></w:p>'
    )


def stale_contents(old: str) -> str:
    """A table of contents that was never renewed."""
    return (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> TOC \\o "1-3" </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>{old}</w:t></w:r></w:p>'
        '<w:p><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def linked_picture(relationship: str = "rId9") -> str:
    picture = "http://schemas.openxmlformats.org/drawingml/2006/picture"
    main = "http://schemas.openxmlformats.org/drawingml/2006/main"
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
    return (
        f'<w:p><w:r><w:drawing><wp:inline xmlns:wp="{drawing}"><wp:extent cx="914400" cy="914400"/>'
        f'<wp:docPr id="1" name="p"/><a:graphic xmlns:a="{main}"><a:graphicData uri="{picture}">'
        f'<pic:pic xmlns:pic="{picture}"><pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr>'
        f'<pic:blipFill><a:blip xmlns:r="{_RELATIONSHIPS}" r:link="{relationship}"/><a:stretch><a:fillRect/>'
        '</a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="914400" cy="914400"/></a:xfrm>'
        '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
    )


def docx(
    path: Path, body: str = "", parts: Mapping[str, bytes] | None = None, links: Mapping[str, str] | None = None
) -> Path:
    """A Word document with `body` before the sample text, more `parts`, and external picture `links` by their id."""
    with (
        zipfile.ZipFile(io.BytesIO(sample.document())) as source,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in source.namelist():
            content = source.read(name)
            if name == "word/document.xml":
                content = content.replace(b"<w:body>", b"<w:body>" + body.encode())
            made.writestr(name, content)
        for name, content in (parts or {}).items():
            made.writestr(name, content)
        if links:
            made.writestr("word/_rels/document.xml.rels", _external(links))
    return path


def with_macros(path: Path, project: bytes = b"\xd0\xcf\x11\xe0") -> Path:
    """A Word document with a macro project, under the content type of such."""
    plain = docx(path.with_name("plain.docx"))
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as made:
        for name in source.namelist():
            content = source.read(name).replace(
                b"vnd.openxmlformats-officedocument.wordprocessingml.document.main",
                b"vnd.ms-word.document.macroEnabled.main",
            )
            binary = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
            made.writestr(name, content.replace(b"</Types>", binary))
        made.writestr("word/vbaProject.bin", project)
        kind = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
        relation = f'<Relationship Id="rId1" Type="{kind}" Target="vbaProject.bin"/>'
        head = f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE_RELATIONSHIPS}">'
        made.writestr("word/_rels/document.xml.rels", f"{head}{relation}</Relationships>")
    return path


def bomb(path: Path, megabytes: int = 300) -> Path:
    """A small Word document whose main part would unpack to hundreds of megabytes."""
    head, tail = b"<w:body>", b"</w:body>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("word/document.xml", "w") as part:
        part.write(head)
        for _ in range(megabytes):
            part.write(b" " * (1 << 20))
        part.write(tail)
    return path


def truncated(source: Path, path: Path, keep: float = 0.6) -> Path:
    content = source.read_bytes()
    path.write_bytes(content[: int(len(content) * keep)])
    return path


def with_broken_xml(path: Path) -> Path:
    return docx(path, "<w:p><w:r></w:p>")


def with_doctype(path: Path) -> Path:
    """A Word document whose main part declares entities that would grow a thousand million times."""
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 9))
    main = f'<?xml version="1.0"?><!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]><d>&l8;</d>'
    plain = docx(path.with_name("plain.docx"))
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as made:
        for name in source.namelist():
            made.writestr(name, main if name == "word/document.xml" else source.read(name))
    return path


def heavy(path: Path, paragraphs: int = 60_000) -> Path:
    """A Word document that takes LibreOffice many seconds: tens of thousands of paragraphs and table cells."""
    row = "<w:tr>" + "<w:tc><w:p><w:r><w:t>cell</w:t></w:r></w:p></w:tc>" * 8 + "</w:tr>"
    table = f"<w:tbl><w:tblPr/><w:tblGrid>{'<w:gridCol/>' * 8}</w:tblGrid>{row * (paragraphs // 10)}</w:tbl>"
    return docx(path, paragraph("Heavy words in a long row. " * 5) * paragraphs + table)


def picture(path: Path) -> Path:
    """The smallest PNG picture."""
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(17))
    return path


def _external(links: Mapping[str, str]) -> str:
    made = "".join(
        f'<Relationship Id="{name}" TargetMode="External" Target="{target}" Type="{_RELATIONSHIPS}/image"/>'
        for name, target in links.items()
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE_RELATIONSHIPS}">{made}</Relationships>'
