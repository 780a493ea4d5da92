"""The fields of `/forms/libreoffice/convert`, and the jobs that convert its files."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from starlette.datastructures import UploadFile

from millhand.web.api.models.orders import Order
from millhand.web.api.sending import tenant_of
from millhand.web.api.submit import order_job
from millhand.web.desk import Caller
from millhand.web.gotenberg.errand import Errand
from millhand.web.gotenberg.fields import Fields, invalid
from millhand.web.gotenberg.refused import AFTERWARDS, plain_files
from millhand.web.uploads import Folder, Form

PDFA = {"": None, "PDF/A-1b": "1b", "PDF/A-2b": "2b", "PDF/A-3b": "3b"}
_VIEWS = ("pages", "outline", "thumbnails")
_CHANGES = ("allowModifying", "allowAnnotating", "allowFillingForms", "allowAssembling")
_VIEWER = "readers are told nothing but what they show beside the pages, and the title"
_REFUSED = {
    **AFTERWARDS,
    "landscape": "LibreOffice's PDF export keeps the paper and orientation of the document",
    "allowDuplicateFieldNames": "there is no such option",
    "exportPlaceholders": "there is no such option",
    "exportOnlyNotesPages": "notes pages are added to the slides (exportNotesPages)",
    "convertOooTargetToPdfTarget": "there is no such option",
    "exportLinksRelativeFsys": "there is no such option",
    "useTransitionEffects": "there is no such option",
    "nativeTiledWatermark*": "there is one plain watermark, nativeWatermarkText",
    "nativeWatermarkColor": "the watermark has LibreOffice's own look",
    "nativeWatermarkFont*": "the watermark has LibreOffice's own look",
    "nativeWatermarkRotateAngle": "the watermark has LibreOffice's own look",
    "magnification": _VIEWER,
    "pageLayout": _VIEWER,
    "firstPageOnLeft": _VIEWER,
    "resizeWindowToInitialPage": _VIEWER,
    "centerWindow": _VIEWER,
    "openInFullScreenMode": _VIEWER,
    "hideViewer*": _VIEWER,
}


async def send_documents(caller: Caller, form: Form) -> Sequence[Errand]:
    """Send a job for each file; raises `Refused` (400), `InvalidArgs`."""
    fields, files = Fields(form.texts), plain_files(form)
    options = options_of(fields)
    if not files:
        raise invalid("no form file found: send at least one document as 'files'")
    if fields.flag("merge") and len(files) > 1:
        raise invalid("form field 'merge' can't be done here for several files: send them without it, and merge them")
    return [await _send(caller, file, options) for file in files]


def options_of(fields: Fields) -> dict[str, Any]:
    """The options of the PDF, with Gotenberg's defaults; raises `Refused` (400)."""
    fields.refuse(_REFUSED)
    _first_page_only(fields)
    wanted = {
        **_pages(fields),
        **_pictures(fields),
        "pdfa": PDFA[fields.choice("pdfa", PDFA, "")],
        "pdfua": fields.flag("pdfua"),
        "password": fields.text("password") or None,
        "open_password": fields.text("userPassword") or None,
        "permissions": _permissions(fields),
        "form_fields": "interactive" if fields.flag("exportFormFields", default=True) else "flat",
        "embed_source": fields.flag("addOriginalDocumentAsStream"),
        "show_title": fields.flag("displayPDFDocumentTitle", default=True),
        "open_with": _VIEWS[fields.whole("initialView", 0, len(_VIEWS) - 1) or 0],
        "watermark": fields.text("nativeWatermarkText") or None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _pages(fields: Fields) -> dict[str, Any]:
    bookmarks, levels = fields.flag("exportBookmarks", default=True), fields.whole("openBookmarkLevels", -1, 10)
    return {
        "page_ranges": re.sub(r"\s", "", fields.text("nativePageRanges")) or None,
        "bookmarks": bookmarks,
        "bookmark_levels": levels if levels is not None and levels > 0 else None,
        "named_destinations": fields.flag("exportBookmarksToPdfDestination"),
        "comments": _comments(fields),
        "update_indexes": fields.flag("updateIndexes", default=True),
        "skip_empty_pages": fields.flag("skipEmptyPages"),
        "single_page_sheets": fields.flag("singlePageSheets"),
        "hidden_slides": fields.flag("exportHiddenSlides"),
        "notes_pages": fields.flag("exportNotesPages"),
    }


def _comments(fields: Fields) -> str:
    beside, within = fields.flag("exportNotesInMargin"), fields.flag("exportNotes")
    if beside and within:
        raise invalid("form fields 'exportNotes' and 'exportNotesInMargin' can't be done together here: choose one")
    return "margin" if beside else "annotations" if within else "none"


def _pictures(fields: Fields) -> dict[str, Any]:
    resolution = int(fields.choice("maxImageResolution", ("75", "150", "300", "600", "1200"), "300"))
    return {
        "quality": fields.whole("quality", 1, 100),
        "lossless": fields.flag("losslessImageCompression"),
        "image_resolution": resolution if fields.flag("reduceImageResolution") else None,
    }


def _permissions(fields: Fields) -> dict[str, Any] | None:
    """What readers may do without the owner's password; Gotenberg allows all that is not forbidden."""
    changes = {fields.flag(name, default=True) for name in _CHANGES}
    printing, copying = fields.flag("allowPrinting", default=True), fields.flag("allowCopying", default=True)
    if len(changes) > 1:
        raise invalid(f"form fields {', '.join(_CHANGES)} can only be allowed or forbidden together here")
    if owner := fields.text("ownerPassword"):
        allowed = {"printing": "full" if printing else "none", "copying": copying}
        return {"password": owner, "changes": "all" if True in changes else "none", **allowed}
    if not (printing and copying and True in changes):
        raise invalid("form field 'ownerPassword' is required to forbid something")
    return None


def _first_page_only(fields: Fields) -> None:
    """Readers are not told on which page to open, or how large; the fields may say what they do anyway."""
    if fields.text("initialPage", "1") != "1" or fields.text("zoom", "100") != "100":
        raise invalid(f"form fields 'initialPage' and 'zoom' can't be done here: {_VIEWER}")


async def _send(caller: Caller, file: UploadFile, options: dict[str, Any]) -> Errand:
    folder = Folder(caller.desk.app, tenant_of(caller, None))
    name = PurePosixPath((file.filename or "document").replace("\\", "/")).name
    async with folder.used() as used:
        source, _ = await folder.keep(file)
        values = {
            "source": source,
            "name": name,
            "target": folder.place(f"{PurePosixPath(source).stem}.pdf"),
            "options": options,
        }
        ticket = await order_job(caller, Order(kind="document.convert"), values, None, None, folder)
        used.is_true = True
    return Errand(ticket.id, f"{name}.pdf")
