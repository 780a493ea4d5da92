"""What users may ask of a PDF, and how LibreOffice is told."""

import re
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from millhand.core.secret import Secret
from millhand.engines.soffice.errors import PasswordNeeded
from millhand.engines.soffice.pdf import Family, FilterValue, PdfExport
from millhand.handlers.documents.formats import FORMATS
from millhand.handlers.documents.preflight import Inspection

_PAGES = r"^[1-9]\d*(-\d*)?(,\s*[1-9]\d*(-\d*)?)*$"
_VERSIONS = {"1b": 1, "2b": 2, "3b": 3}
_VIEWS = {"pages": 0, "outline": 1, "thumbnails": 2}
_CHANGES = {"none": 0, "pages": 1, "forms": 2, "comments": 3, "all": 4}
_PRINTING = {"none": 0, "low": 1, "full": 2}
_UTF_8 = "76"  # LibreOffice's number of the encoding


class Permissions(BaseModel):
    """What readers of the PDF may do who do not know its permissions password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    password: Secret = Field(description="Who knows it may change the permissions.")
    printing: Literal["none", "low", "full"] = "full"
    changes: Literal["none", "pages", "forms", "comments", "all"] = "none"
    copying: bool = Field(default=True, description="Text and pictures may be copied.")
    accessibility: bool = Field(default=True, description="Programs for blind people may read the text.")


class PdfOptions(BaseModel):
    """How the PDF shall be. Without any option it is as LibreOffice's own export would make it.

    Paper and orientation are the document's own, and there is no option for them: LibreOffice's PDF export takes none,
    and its commands turn the pages of one style only, at the cursor, so that sections, sheets and tables set for the
    other orientation would come out mixed or cut off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    page_ranges: str | None = Field(
        default=None, json_schema_extra={"pattern": _PAGES}, description="Pages to export, such as `1-3,5,8-`."
    )
    pdfa: Literal["1b", "2b", "3b"] | None = Field(default=None, description="Make PDF/A of this level, for archiving.")
    pdfua: bool = Field(default=False, description="Make PDF/UA, for readers who can't see.")
    tagged: bool | None = Field(default=None, description="Mark headings, lists and tables for screen readers.")
    quality: int = Field(default=90, ge=1, le=100, description="Of JPEG pictures, in per cent.")
    lossless: bool = Field(default=False, description="Keep every picture exact; the file grows.")
    image_resolution: Literal[75, 150, 300, 600, 1200] | None = Field(
        default=None, description="Reduce pictures to this many dots per inch."
    )
    bookmarks: bool = Field(default=True, description="An outline from the headings.")
    bookmark_levels: int | None = Field(default=None, ge=1, le=10, description="Levels of the outline shown open.")
    named_destinations: bool = Field(default=False, description="Bookmarks of the document can be linked to.")
    form_fields: Literal["interactive", "flat"] = Field(default="interactive", description="Can forms be filled in?")
    comments: Literal["none", "annotations", "margin"] = Field(default="none", description="Where comments appear.")
    tracked_changes: Literal["show", "hide", "accept", "reject"] = Field(
        default="show", description="Show changes marked, hide the marks, or accept or reject all (text documents)."
    )
    update_fields: bool = Field(default=False, description="Recalculate fields such as references (text documents).")
    update_indexes: bool = Field(default=False, description="Renew tables of contents and indexes (text documents).")
    skip_empty_pages: bool = Field(default=True, description="Leave out blank pages between chapters.")
    single_page_sheets: bool = Field(default=False, description="One page for each sheet (spreadsheets).")
    hidden_slides: bool = Field(default=False, description="Export hidden slides too (presentations).")
    notes_pages: bool = Field(default=False, description="Add the speaker's notes as pages (presentations).")
    watermark: str | None = Field(default=None, max_length=200, description="Text across every page.")
    embed_source: bool = Field(default=False, description="Put the original document into the PDF.")
    show_title: bool = Field(default=False, description="Readers show the document's title instead of the file's name.")
    open_with: Literal["pages", "outline", "thumbnails"] = Field(default="pages", description="Shown beside the pages.")
    password: Secret | None = Field(default=None, description="Opens an encrypted source document.")
    open_password: Secret | None = Field(default=None, description="Encrypts the PDF: readers must know it.")
    permissions: Permissions | None = Field(default=None, description="Restricts what readers may do.")

    @field_validator("page_ranges")
    @classmethod
    def _are_ranges(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(_PAGES, value):
            raise ValueError("write numbers and ranges of pages, such as 1-3,5,8-")
        return value

    @model_validator(mode="after")
    def _archives_are_open(self) -> Self:
        if self.pdfa and (self.open_password or self.permissions):
            raise ValueError("PDF/A must not be encrypted: leave out `open_password` and `permissions`, or `pdfa`")
        if self.lossless and self.image_resolution:
            raise ValueError("lossless pictures are not reduced: leave out `lossless` or `image_resolution`")
        return self

    def export(self, document: Inspection) -> PdfExport:
        """The order for LibreOffice, for this document. Raises PasswordNeeded if it is encrypted and none was given."""
        if document.encrypted and self.password is None and not document.maybe_open:
            raise PasswordNeeded("The document is encrypted, and no password was given.")
        family = document.format.family if document.format is not None else _family_of(document.suffix)
        return PdfExport(
            suffix=document.suffix,
            family=family,
            filter_data=self._filter_data(),
            import_options=_import_options(document.suffix),
            commands=self._commands() if family in {"writer", "writer_web"} else (),
            encrypted=document.encrypted,
            password=self.password.get_secret_value() if self.password is not None and document.encrypted else None,
        )

    def whole(self) -> "PdfOptions":
        """The same, but for all pages."""
        return self.model_copy(update={"page_ranges": None})

    def _filter_data(self) -> dict[str, FilterValue]:
        return {
            **self._content(),
            **self._pictures(),
            **self._standards(),
            **self._protection(),
        }

    def _content(self) -> dict[str, FilterValue]:
        data: dict[str, FilterValue] = {
            "ExportBookmarks": self.bookmarks,
            "ExportBookmarksToPDFDestination": self.named_destinations,
            "ExportFormFields": self.form_fields == "interactive",
            "ExportNotes": self.comments == "annotations",
            "ExportNotesInMargin": self.comments == "margin",
            "IsSkipEmptyPages": self.skip_empty_pages,
            "SinglePageSheets": self.single_page_sheets,
            "ExportHiddenSlides": self.hidden_slides,
            "ExportNotesPages": self.notes_pages,
            "IsAddStream": self.embed_source,
            "DisplayPDFDocumentTitle": self.show_title,
            "InitialView": _VIEWS[self.open_with],
        }
        if self.page_ranges:
            data["PageRange"] = self.page_ranges.replace(" ", "")
        if self.bookmark_levels:
            data["OpenBookmarkLevels"] = self.bookmark_levels
        if self.watermark:
            data["Watermark"] = self.watermark
        return data

    def _pictures(self) -> dict[str, FilterValue]:
        data: dict[str, FilterValue] = {"Quality": self.quality, "UseLosslessCompression": self.lossless}
        if self.image_resolution:
            data |= {"ReduceImageResolution": True, "MaxImageResolution": self.image_resolution}
        elif self.lossless:
            data["ReduceImageResolution"] = False
        return data

    def _standards(self) -> dict[str, FilterValue]:
        data: dict[str, FilterValue] = {}
        if self.pdfa:
            data["SelectPdfVersion"] = _VERSIONS[self.pdfa]
        if self.pdfua:
            data["PDFUACompliance"] = True
        if self.tagged is not None:
            data["UseTaggedPDF"] = self.tagged
        return data

    def _protection(self) -> dict[str, FilterValue]:
        data: dict[str, FilterValue] = {}
        if self.open_password:
            data |= {"EncryptFile": True, "DocumentOpenPassword": self.open_password.get_secret_value()}
        if self.permissions:
            data |= {
                "RestrictPermissions": True,
                "PermissionPassword": self.permissions.password.get_secret_value(),
                "Printing": _PRINTING[self.permissions.printing],
                "Changes": _CHANGES[self.permissions.changes],
                "EnableCopyingOfContent": self.permissions.copying,
                "EnableTextAccessForAccessibilityTools": self.permissions.accessibility,
            }
        return data

    def _commands(self) -> tuple[str, ...]:
        """Changes before updates: what they add or remove counts in indexes."""
        by_changes = {
            "accept": ".uno:AcceptAllTrackedChanges",
            "reject": ".uno:RejectAllTrackedChanges",
            "hide": ".uno:ShowTrackedChanges",
        }
        wanted = (
            by_changes.get(self.tracked_changes),
            ".uno:UpdateFields" if self.update_fields else None,
            ".uno:UpdateAllIndexes" if self.update_indexes else None,
        )
        return tuple(command for command in wanted if command is not None)


def _family_of(suffix: str) -> Family:
    """The application for an encrypted document, which only its suffix tells of."""
    for known in FORMATS:
        if known.suffix == suffix:
            return known.family
    return "writer"


def _import_options(suffix: str) -> str:
    """For delimited text: separators, quote, encoding, first line (LibreOffice's CSV filter tokens)."""
    match suffix:
        case ".csv":
            return f"44/59,34,{_UTF_8},1"
        case ".tsv":
            return f"9,34,{_UTF_8},1"
        case _:
            return ""
