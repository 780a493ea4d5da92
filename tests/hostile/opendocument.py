"""OpenDocument files whose links lead outside, and whose macros want to start with them."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.hostile.bait import Bait

SPACES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in {
        "office": "office", "text": "text", "table": "table", "draw": "drawing", "style": "style", "meta": "meta",
        "svg": "svg-compatible", "fo": "xsl-fo-compatible", "script": "script", "form": "form",
        "presentation": "presentation",
    }.items()
) + ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" ' + (
    'xmlns:ooo="http://openoffice.org/2004/office" xmlns:dom="http://www.w3.org/2001/xml-events"'
)  # fmt: skip
_SIZE = 'svg:width="3cm" svg:height="3cm"'


def flat(path: Path, kind: str, body: str, before: str = "") -> Path:
    """A flat OpenDocument file: `kind` is text, spreadsheet or presentation."""
    path.write_text(
        f'<?xml version="1.0"?><office:document {SPACES} office:version="1.3" '
        f'office:mimetype="application/vnd.oasis.opendocument.{kind}">{before}<office:body><office:{kind}>{body}'
        f"</office:{kind}></office:body></office:document>",
        encoding="utf-8",
    )
    return path


def linked_pictures(folder: Path, bait: Bait) -> Path:
    frames = "".join(
        f'<text:p><draw:frame {_SIZE}><draw:image xlink:href="{target}" xlink:actuate="onLoad"/></draw:frame></text:p>'
        for target in bait.targets
    )
    return flat(folder / "pictures.fodt", "text", f"{frames}<text:p>old</text:p>")


def backgrounds(folder: Path, bait: Bait) -> Path:
    """Pictures behind pages and paragraphs, in bullets, and in fills."""
    http, file = bait.targets
    styles = (
        "<office:styles>"
        f'<draw:fill-image draw:name="f" xlink:href="{http}"/></office:styles><office:automatic-styles>'
        f'<style:style style:name="P" style:family="paragraph"><style:paragraph-properties>'
        f'<style:background-image xlink:href="{file}"/></style:paragraph-properties></style:style>'
        f'<text:list-style style:name="L"><text:list-level-style-image text:level="1" xlink:href="{http}"/>'
        "</text:list-style></office:automatic-styles>"
    )
    body = '<text:p text:style-name="P">old</text:p><text:list text:style-name="L"><text:list-item><text:p>a</text:p>'
    return flat(folder / "backgrounds.fodt", "text", f"{body}</text:list-item></text:list>", styles)


def sections(folder: Path, bait: Bait) -> Path:
    """Sections whose text is in other files, and one that a program is to deliver."""
    made = "".join(
        f'<text:section text:name="s{number}"><text:section-source xlink:href="{target}"/><text:p>old</text:p>'
        "</text:section>"
        for number, target in enumerate(bait.targets)
    )
    dde = (
        '<text:section text:name="d"><office:dde-source office:automatic-update="true" '
        f'office:dde-application="soffice" office:dde-topic="{bait.path}" office:dde-item="a"/>'
        "<text:p>old</text:p></text:section>"
    )
    return flat(folder / "sections.fodt", "text", made + dde)


def frames(folder: Path, bait: Bait) -> Path:
    """Frames that show pages, objects, films and plug-ins from elsewhere."""
    made = "".join(
        f'<text:p><draw:frame {_SIZE}><draw:{tag} xlink:href="{target}" xlink:actuate="onLoad" {more}/></draw:frame>'
        "</text:p>"
        for target in bait.targets
        for tag, more in (
            ("floating-frame", ""),
            ("object", ""),
            ("object-ole", ""),
            ("plugin", 'draw:mime-type="application/vnd.sun.star.media"'),
            ("applet", 'draw:code="a"'),
        )
    )
    return flat(folder / "frames.fodt", "text", f"{made}<text:p>old</text:p>")


def reload_and_template(folder: Path, bait: Bait) -> Path:
    """A document that wants to be loaded again from elsewhere, and to have its template renewed."""
    meta = (
        f'<office:meta><meta:auto-reload xlink:href="{bait.address}/reload" meta:delay="PT0S"/>'
        f'<meta:template xlink:href="{bait.address}/template.ott" xlink:type="simple" meta:date="2030-01-01T00:00:00"/>'
        "</office:meta>"
    )
    return flat(folder / "reload.fodt", "text", "<text:p>old</text:p>", meta)


def sheets(folder: Path, bait: Bait) -> Path:
    """Tables that are copies of others, and formulas that look there."""
    tables = "".join(
        f'<table:table table:name="t{number}"><table:table-source xlink:href="{target}" table:table-name="Sheet1" '
        'table:filter-name="Text - txt - csv (StarCalc)" table:refresh-delay="PT1S"/><table:table-row><table:table-cell'
        ' office:value-type="string"><text:p>old</text:p></table:table-cell></table:table-row></table:table>'
        for number, target in enumerate(bait.targets)
    )
    cells = "".join(
        f'<table:table-row><table:table-cell table:formula="of:={formula}"/></table:table-row>'
        for formula in (
            f"&apos;{bait.file}&apos;#$Sheet1.A1",
            f"WEBSERVICE(&quot;{bait.address}/service&quot;)",
            f"WEBSERVICE(&quot;{bait.file}&quot;)",
            f"DDE(&quot;soffice&quot;;&quot;{bait.path}&quot;;&quot;A1&quot;)",
            f"INDIRECT(&quot;&apos;{bait.file}&apos;#$Sheet1.A1&quot;)",
        )
    )
    area = (
        '<table:table table:name="area"><table:table-row><table:table-cell office:value-type="string">'
        f'<table:cell-range-source xlink:href="{bait.file}" table:name="A1" table:last-column-spanned="1" '
        'table:last-row-spanned="1" table:filter-name="Text - txt - csv (StarCalc)"/><text:p>old</text:p>'
        "</table:table-cell></table:table-row></table:table>"
    )
    links = (
        f'<table:dde-links><table:dde-link><office:dde-source office:dde-application="soffice" office:dde-topic='
        f'"{bait.path}" office:dde-item="A1" office:automatic-update="true"/></table:dde-link></table:dde-links>'
    )
    formulas = f'<table:table table:name="formulas">{cells}</table:table>'
    return flat(folder / "sheets.fods", "spreadsheet", tables + formulas + area + links)


def slides(folder: Path, bait: Bait) -> Path:
    pages = "".join(
        f'<draw:page><draw:frame {_SIZE}><draw:image xlink:href="{target}"/></draw:frame><draw:frame {_SIZE}>'
        f'<draw:object xlink:href="{target}"/></draw:frame></draw:page>'
        for target in bait.targets
    )
    return flat(folder / "slides.fodp", "presentation", pages)


def packaged(folder: Path, bait: Bait) -> Path:
    """The same in a package; a relative link there leads out of it."""
    relative = f"../{bait.path.name}"
    body = "".join(
        f'<text:p><draw:frame {_SIZE}><draw:image xlink:href="{target}"/></draw:frame></text:p>'
        for target in (*bait.targets, relative, f"../../../../../../..{bait.path}")
    )
    path = folder / "packaged.odt"
    content = (
        f'<office:document-content {SPACES} office:version="1.3"><office:body><office:text>{body}<text:p>old</text:p>'
        "</office:text></office:body></office:document-content>"
    )
    return package(path, "text", {"content.xml": content})


def package(path: Path, kind: str, parts: Mapping[str, str]) -> Path:
    """An OpenDocument package with these parts."""
    media = f"application/vnd.oasis.opendocument.{kind}"
    names = "".join(
        f'<manifest:file-entry manifest:full-path="{name}" manifest:media-type="{kind}"/>'
        for name, kind in {"/": media, **dict.fromkeys(parts, "text/xml")}.items()
    )
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("mimetype", media)
        for name, content in parts.items():
            made.writestr(name, content)
        space = 'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"'
        made.writestr("META-INF/manifest.xml", f"<manifest:manifest {space}>{names}</manifest:manifest>")
    return path


OPENDOCUMENT: Mapping[str, Callable[[Path, Bait], Path]] = {
    "opendocument: linked pictures": linked_pictures,
    "opendocument: backgrounds": backgrounds,
    "opendocument: sections": sections,
    "opendocument: frames": frames,
    "opendocument: reload and template": reload_and_template,
    "opendocument: sheets": sheets,
    "opendocument: slides": slides,
    "opendocument: package": packaged,
}
