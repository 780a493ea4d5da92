"""A small Word document made in code: it warms the fork server up and, as a canary, proves the engine."""

import io
import zipfile

_TYPES = """<?xml version="1.0" encoding="UTF-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/word/document.xml" \
ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>
</Types>"""
_RELATIONSHIPS = """<?xml version="1.0" encoding="UTF-8"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="word/document.xml" \
Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>
</Relationships>"""
_BODY = """<?xml version="1.0" encoding="UTF-8"?>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{paragraphs}
<w:tbl><w:tblPr><w:tblW w:w="0" w:type="auto"/></w:tblPr><w:tblGrid><w:gridCol w:w="4000"/></w:tblGrid>
<w:tr><w:tc><w:tcPr><w:tcW w:w="4000" w:type="dxa"/></w:tcPr><w:p><w:r><w:t>A table</w:t></w:r></w:p></w:tc></w:tr>
</w:tbl><w:p/></w:body></w:document>"""
_PARAGRAPH = """<w:p><w:r><w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}"/>{style}</w:rPr>
<w:t>The quick brown fox jumps over the lazy dog.</w:t></w:r></w:p>"""
_FONTS = ("Calibri", "Cambria", "Arial", "Times New Roman", "Courier New", "Aptos")


def document() -> bytes:
    """The document, with the fonts that most documents use, so that warming up loads them."""
    paragraphs = "".join(
        _PARAGRAPH.format(font=font, style=style) for font in _FONTS for style in ("", "<w:b/>", "<w:i/>")
    )
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", _TYPES)
        package.writestr("_rels/.rels", _RELATIONSHIPS)
        package.writestr("word/document.xml", _BODY.format(paragraphs=paragraphs))
    return memory.getvalue()
