"""The boxes of a PDF page for the print shop, and crop marks, added as an incremental update (ISO 32000-1, 7.5.6).

Only PDFs as Chromium writes them are understood: a plain cross-reference table, and pages as plain objects.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from millhand.core.errors import EngineFailed
from millhand.engines.chromium.values import PdfBoxes

_START = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_SECTION = re.compile(rb"(\d+) (\d+)\s*\n((?:\d{10} \d{5} [nf][ \r\n]{2})+)")
_TRAILER = re.compile(rb"trailer\s*<<(.*?)>>\s*startxref", re.DOTALL)
_PAGE = re.compile(rb"/Type\s*/Page\b")
_MEDIA = re.compile(rb"/MediaBox\s*\[\s*([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s+([-\d.]+)\s*\]")
_CONTENTS = re.compile(rb"/Contents\s+(\d+ \d+ R|\[[^\]]*\])")
_RESOURCES = re.compile(rb"/Resources\s*<<")
_GAP = 6  # points between the bleed and the marks
_THICKNESS = Fraction(1, 4)  # points
_ENTRY = 20  # bytes of a line in the table


def finish(path: Path, boxes: PdfBoxes | None) -> int:
    """Give every page its exact boxes, if they are known; gives back the number of pages. Raises `EngineFailed`."""
    content = path.read_bytes()
    pages = {number: body for number, body in _objects(content).items() if _PAGE.search(body)}
    if not content.startswith(b"%PDF-") or not pages:
        raise EngineFailed("the browser wrote a PDF without pages", code="bad_pdf")
    if boxes is not None:
        with path.open("ab") as file:
            file.write(_update(content, pages, boxes))
    return len(pages)


def _objects(content: bytes) -> dict[int, bytes]:
    """The bodies of all plain objects, by their numbers; streams are left out."""
    found: dict[int, bytes] = {}
    for number, at in _offsets(content).items():
        end = content.find(b"endobj", at)
        body = content[at:end].partition(b"obj")[2]
        found[number] = body.partition(b"stream")[0]
    return found


def _offsets(content: bytes) -> dict[int, int]:
    start = _START.search(content, max(0, len(content) - 100))
    if start is None:
        raise EngineFailed("the browser wrote a PDF that ends too early", code="bad_pdf")
    found: dict[int, int] = {}
    for section in _SECTION.finditer(content, int(start[1])):
        first, lines = int(section[1]), section[3]
        for index in range(int(section[2])):
            line = lines[index * _ENTRY : (index + 1) * _ENTRY]
            if line[17:18] == b"n":
                found[first + index] = int(line[:10])
    return found


def _update(content: bytes, pages: Mapping[int, bytes], boxes: PdfBoxes) -> bytes:
    start, trailer = _START.search(content, max(0, len(content) - 100)), _TRAILER.search(content)
    if start is None or trailer is None:
        raise EngineFailed("the browser wrote a PDF without a trailer", code="bad_pdf")
    free = max(_offsets(content)) + 1
    changed = {free: _stream(b"q")} if boxes.band else {}
    for number, body in pages.items():
        changed[number] = _page(body, boxes)
        if boxes.band:
            marks_at = free + len(changed)
            changed[marks_at] = _stream(_marks(_box_of(body), boxes))
            changed[number] = _with_marks(changed[number], free, marks_at)
    block, offsets = bytearray(b"\n"), dict[int, int]()
    for number, body in changed.items():
        offsets[number] = len(content) + len(block)
        block += b"%d 0 obj\n%s\nendobj\n" % (number, body.strip())
    table_at = len(content) + len(block)
    block += b"xref\n"
    for number in sorted(offsets):
        block += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    kept = re.sub(rb"/(Size|Prev)\s+\d+", b"", trailer[1])
    block += b"trailer\n<<%s/Size %d /Prev %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        kept,
        max(changed) + 1,
        start[1],
        table_at,
    )
    return bytes(block)


_Box = tuple[Fraction, Fraction, Fraction, Fraction]


def _box_of(body: bytes) -> _Box:
    media = _MEDIA.search(body)
    if media is None:
        raise EngineFailed("the browser wrote a PDF page without a size", code="bad_pdf")
    left, bottom, right, top = (Fraction(value.decode()) for value in media.groups())
    return left, bottom, right, top


def _exact(box: _Box, boxes: PdfBoxes) -> _Box:
    """The page as it was ordered: Chromium rounds its size up, and puts the content to the upper left."""
    left, top = box[0], box[3]
    return left, top - boxes.height, left + boxes.width, top


def _grown(box: _Box, by: Fraction) -> _Box:
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def _page(body: bytes, boxes: PdfBoxes) -> bytes:
    page = _exact(_box_of(body), boxes)
    said = b"/MediaBox %s\n/BleedBox %s\n/TrimBox %s" % (
        _written(_grown(page, boxes.band)),
        _written(page),
        _written(_grown(page, -boxes.bleed)),
    )
    return _MEDIA.sub(lambda _: said, body, count=1)


def _with_marks(body: bytes, save_at: int, marks_at: int) -> bytes:
    """The page with the marks after its content, whose graphics state is put aside before them."""
    contents = _CONTENTS.search(body)
    if contents is None:
        raise EngineFailed("the browser wrote a PDF page without content", code="bad_pdf")
    listed = b"/Contents [%d 0 R %s %d 0 R]" % (save_at, contents[1].strip(b"[]"), marks_at)
    body = _CONTENTS.sub(lambda _: listed, body, count=1)
    return _RESOURCES.sub(lambda _: b"/Resources <</ColorSpace <</Registration %s>> " % _ALL_INKS, body, count=1)


# Marks must be on every printing plate, so they are in the colour "All" and not in black.
_ALL_INKS = b"[/Separation /All /DeviceGray << /FunctionType 2 /Domain [0 1] /C0 [1] /C1 [0] /N 1 >>]"


def _marks(media: _Box, boxes: PdfBoxes) -> bytes:
    page = _exact(media, boxes)
    sheet, trim = _grown(page, boxes.band), _grown(page, -boxes.bleed)
    lines: list[_Box] = []
    for x in (trim[0], trim[2]):
        lines += [(x, sheet[1], x, page[1] - _GAP), (x, page[3] + _GAP, x, sheet[3])]
    for y in (trim[1], trim[3]):
        lines += [(sheet[0], y, page[0] - _GAP, y), (page[2] + _GAP, y, sheet[2], y)]
    drawn = b"\n".join(b"%s %s m %s %s l S" % tuple(map(_number, line)) for line in lines)
    return b"Q q /Registration CS 1 SCN %s w\n%s\nQ" % (_number(_THICKNESS), drawn)


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _written(box: _Box) -> bytes:
    return b"[%s]" % b" ".join(map(_number, box))


def _number(value: Fraction) -> bytes:
    return f"{float(value):.4f}".rstrip("0").rstrip(".").encode()
