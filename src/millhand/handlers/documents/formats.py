"""The document formats that can be converted: names, suffixes, and which application of LibreOffice reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["writer", "writer_web", "calc", "impress", "draw"]
Container: TypeAlias = Literal["ooxml", "odf", "iwork", "ole", "xml", "rtf", "html", "text", "binary"]


@dataclass(frozen=True)
class Format:
    """A document format. `name` is also its own suffix without the dot; `also` are others that mean the same.

    `shown` is the suffix by which LibreOffice knows it, if that is another.
    """

    name: str
    label: str
    family: Family
    container: Container
    also: tuple[str, ...] = ()
    macros: bool = False
    shown: str = ""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Every suffix that files of this format have, without the dot."""
        return (*((self.name,) if not self.shown else ()), *self.also)

    @property
    def suffix(self) -> str:
        """The suffix that LibreOffice is shown, with the dot."""
        return f".{self.shown or self.name}"


FORMATS: tuple[Format, ...] = (
    Format("docx", "Word document", "writer", "ooxml"),
    Format("docm", "Word document with macros", "writer", "ooxml", macros=True),
    Format("dotx", "Word template", "writer", "ooxml"),
    Format("dotm", "Word template with macros", "writer", "ooxml", macros=True),
    Format("xlsx", "Excel workbook", "calc", "ooxml"),
    Format("xlsm", "Excel workbook with macros", "calc", "ooxml", macros=True),
    Format("xltx", "Excel template", "calc", "ooxml"),
    Format("xltm", "Excel template with macros", "calc", "ooxml", macros=True),
    Format("xlsb", "Excel binary workbook", "calc", "ooxml"),
    Format("pptx", "PowerPoint presentation", "impress", "ooxml"),
    Format("pptm", "PowerPoint presentation with macros", "impress", "ooxml", macros=True),
    Format("potx", "PowerPoint template", "impress", "ooxml"),
    Format("potm", "PowerPoint template with macros", "impress", "ooxml", macros=True),
    Format("ppsx", "PowerPoint show", "impress", "ooxml"),
    Format("ppsm", "PowerPoint show with macros", "impress", "ooxml", macros=True),
    Format("odt", "OpenDocument text", "writer", "odf"),
    Format("ott", "OpenDocument text template", "writer", "odf"),
    Format("odm", "OpenDocument master document", "writer", "odf"),
    Format("ods", "OpenDocument spreadsheet", "calc", "odf"),
    Format("ots", "OpenDocument spreadsheet template", "calc", "odf"),
    Format("odp", "OpenDocument presentation", "impress", "odf"),
    Format("otp", "OpenDocument presentation template", "impress", "odf"),
    Format("odg", "OpenDocument drawing", "draw", "odf"),
    Format("otg", "OpenDocument drawing template", "draw", "odf"),
    Format("sxw", "OpenOffice.org 1 text", "writer", "odf", ("stw",)),
    Format("sxc", "OpenOffice.org 1 spreadsheet", "calc", "odf", ("stc",)),
    Format("sxi", "OpenOffice.org 1 presentation", "impress", "odf", ("sti",)),
    Format("pages", "Apple Pages document", "writer", "iwork"),
    Format("numbers", "Apple Numbers workbook", "calc", "iwork"),
    Format("key", "Apple Keynote presentation", "impress", "iwork"),
    Format("doc", "Word 97-2003 document", "writer", "ole", ("dot", "wps", "wpt")),
    Format("xls", "Excel 97-2003 workbook", "calc", "ole", ("xlt", "xlw", "xlc", "xlm", "xlk", "et", "ett")),
    Format("ppt", "PowerPoint 97-2003 presentation", "impress", "ole", ("pot", "pps", "dps", "dpt")),
    Format("sdw", "StarOffice text", "writer", "ole"),
    Format("sdc", "StarOffice spreadsheet", "calc", "ole"),
    Format("sdd", "StarOffice presentation", "impress", "ole"),
    Format("fodt", "flat OpenDocument text", "writer", "xml"),
    Format("fods", "flat OpenDocument spreadsheet", "calc", "xml"),
    Format("fodp", "flat OpenDocument presentation", "impress", "xml"),
    Format("fodg", "flat OpenDocument drawing", "draw", "xml"),
    Format("wordml", "Word XML document", "writer", "xml", ("xml",), shown="xml"),
    Format("spreadsheetml", "Excel 2003 XML workbook", "calc", "xml", ("xml",), shown="xml"),
    Format("uot", "Unified Office text", "writer", "xml", ("uof",)),
    Format("uos", "Unified Office spreadsheet", "calc", "xml", ("uof",)),
    Format("uop", "Unified Office presentation", "impress", "xml", ("uof",)),
    Format("fb2", "FictionBook", "writer", "xml"),
    Format("rtf", "rich text (RTF)", "writer", "rtf"),
    Format("html", "web page (HTML)", "writer_web", "html", ("htm", "xhtml", "xht")),
    Format("txt", "plain text", "writer", "text", ("text", "log", "md", "asc")),
    Format("csv", "comma-separated values (CSV)", "calc", "text"),
    Format("tsv", "tab-separated values (TSV)", "calc", "text", ("tab",)),
    Format("winword2", "Word 2 document", "writer", "binary", ("doc",), shown="doc"),
    Format("macword", "Word 5 for Macintosh document", "writer", "binary", ("doc",), shown="doc"),
    Format("wpd", "WordPerfect document", "writer", "binary"),
    Format("lwp", "Lotus WordPro document", "writer", "binary"),
    Format("hwp", "Hangul document", "writer", "binary"),
    Format("abw", "AbiWord document", "writer", "binary", ("zabw",)),
    Format("602", "T602 text", "writer", "binary"),
    Format("gnumeric", "Gnumeric workbook", "calc", "binary", ("gnm",)),
    Format("dbf", "dBase table", "calc", "binary"),
    Format("dif", "data interchange format", "calc", "binary"),
    Format("slk", "SYLK spreadsheet", "calc", "binary", ("sylk",)),
    Format("wk1", "Lotus 1-2-3 spreadsheet", "calc", "binary", ("wks", "123", "wk3", "wk4")),
)

BY_NAME: Mapping[str, Format] = {known.name: known for known in FORMATS}
KNOWN_SUFFIXES = frozenset(suffix for known in FORMATS for suffix in known.suffixes)

# Office itself opens these formats under these old suffixes, and programs that export "for Office" rely on it.
TOLERATED: Mapping[str, frozenset[str]] = {
    "doc": frozenset({"docx", "docm", "rtf", "html", "wordml", "txt"}),
    "dot": frozenset({"docx", "docm", "dotx", "dotm", "rtf"}),
    "xls": frozenset({"xlsx", "xlsm", "html", "spreadsheetml", "csv", "tsv", "txt"}),
    "ppt": frozenset({"pptx", "pptm"}),
    "pps": frozenset({"ppsx", "ppsm", "ppt"}),
    "xml": frozenset({"fodt", "fods", "fodp", "fodg", "wordml", "spreadsheetml"}),
}


def fits(suffix: str, found: Format) -> bool:
    """Whether a file with this suffix may hold this format; a suffix that is not a document's says nothing."""
    if suffix not in KNOWN_SUFFIXES or suffix in found.suffixes:
        return True
    if found.name in TOLERATED.get(suffix, frozenset()):
        return True
    # Templates, shows and files with macros differ from their kin by a flag inside, not by what they hold.
    return any(_kin(known, found) for known in FORMATS if suffix in known.suffixes)


def _kin(one: Format, other: Format) -> bool:
    binary = "xlsb" in {one.name, other.name}
    return one.container == other.container == "ooxml" and one.family == other.family and not binary
