"""Presentations with pictures and films that are elsewhere."""

import io
from collections.abc import Callable, Mapping
from pathlib import Path

from lxml.etree import SubElement
from PIL import Image
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml.ns import qn
from pptx.util import Cm

from tests.hostile.bait import Bait


def linked_media(folder: Path, bait: Bait) -> Path:
    """Pictures of which none is inside, each of them the still of a film that is not inside either."""
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    for target in bait.targets:
        element = slide.shapes.add_picture(_picture(), Cm(1), Cm(1)).element
        blip = next(element.iter(qn("a:blip")))
        del blip.attrib[qn("r:embed")]
        blip.set(qn("r:link"), slide.part.relate_to(target, RELATIONSHIP_TYPE.IMAGE, is_external=True))
        film = SubElement(next(element.iter(qn("p:nvPr"))), qn("a:videoFile"))
        film.set(qn("r:link"), slide.part.relate_to(target, RELATIONSHIP_TYPE.VIDEO, is_external=True))
    path = folder / "media.pptx"
    deck.save(str(path))
    return path


def _picture() -> io.BytesIO:
    memory = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(memory, "png")
    memory.seek(0)
    return memory


SLIDES: Mapping[str, Callable[[Path, Bait], Path]] = {"powerpoint: linked media": linked_media}
