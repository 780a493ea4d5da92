"""What LibreOffice is told when it writes a PDF: filter options, commands before it, the input's password."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Family: TypeAlias = Literal["writer", "writer_web", "calc", "impress", "draw"]
FilterValue: TypeAlias = bool | int | str

# LibreOfficeKit's own defaults are 80 and true; these are soffice's, so that both engines write the same file.
DEFAULTS: Mapping[str, FilterValue] = {"Quality": 90, "ExportNotes": False}


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


@dataclass(frozen=True)
class PdfExport:
    """How to read one document and write its PDF.

    `suffix` is the one that LibreOffice shall see (with the dot), `family` the application that reads it,
    `import_options` the import filter's token string (for example of CSV), `commands` the `.uno:` commands to run
    after loading. `encrypted` says that the document needs `password`, or one that LibreOffice knows itself.
    `filter_data` has the names of LibreOffice's PDF filter (API reference, `com.sun.star.document.PDFExportFilter`).
    """

    suffix: str
    family: Family = "writer"
    filter_data: Mapping[str, FilterValue] = field(default_factory=dict[str, FilterValue], repr=False)
    import_options: str = ""
    commands: tuple[str, ...] = ()
    encrypted: bool = False
    password: str | None = field(default=None, repr=False)

    @property
    def needs_kit(self) -> bool:
        """Whether only LibreOfficeKit can do it: `soffice --convert-to` takes no password and no commands."""
        return self.password is not None or bool(self.commands)

    @property
    def kit_reads_it(self) -> bool:
        """Whether LibreOfficeKit can open it: it shows a dialog for delimited text, and with nobody there fails."""
        return self.suffix not in {".csv", ".tsv"}

    @property
    def some_pages(self) -> bool:
        """Whether only some of the document's pages are wanted."""
        return "PageRange" in self.filter_data

    def filter_options(self) -> str:
        """The PDF filter's options as the JSON text that both engines take."""
        return filter_options({**DEFAULTS, **self.filter_data})

    def load_options(self) -> str:
        """LibreOfficeKit's load options: no dialogs, then what the import filter gets."""
        return ",".join(["Batch=true", *([self.import_options] if self.import_options else [])])


def filter_options(values: Mapping[str, FilterValue]) -> str:
    """Options of a filter as JSON, in the typed form of LibreOffice 7.4 and later."""
    typed = {name: _typed(value) for name, value in values.items()}
    text = json.dumps(typed, separators=(",", ":"))
    # LibreOfficeKit splits the text at commas and joins it again, trimming: keep commas inside strings out of sight.
    return _hide_commas_in_strings(text)


def _typed(value: FilterValue) -> dict[str, str]:
    match value:
        case bool():
            return {"type": "boolean", "value": "true" if value else "false"}
        case int():
            return {"type": "long", "value": str(value)}
        case str():
            return {"type": "string", "value": value}


def _hide_commas_in_strings(text: str) -> str:
    return _STRING.sub(lambda found: found[0].replace(",", "\\u002c"), text)
