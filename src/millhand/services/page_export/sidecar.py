"""The JSON file beside an export in debug mode, with the fields that the original worker writes."""

from typing import Any

from millhand.handlers.pages.sizes import length_of
from millhand.services.page_export.job import ExportMap
from millhand.services.page_export.page import definition_of
from millhand.services.page_export.print_size import PrintSize
from millhand.services.page_export.result import ExportedMap
from millhand.services.page_export.settings import PageExportSettings

_POINTS = 72
_MEGABYTE = 1024 * 1024


def facts_of(job: ExportMap, size: PrintSize, exported: ExportedMap, own: PageExportSettings) -> dict[str, Any]:
    """What the file says."""
    printed, shown = job.printable_map_data, definition_of(job)
    people: list[Any] = shown["people"]
    return {
        "printJobId": job.print_job_id,
        "printableMapId": job.printable_map_id,
        "pageDimensions": {
            "widthInches": float(size.width),
            "heightInches": float(size.height),
            "orientation": size.orientation,
            "paperSizeName": printed.paper_size_name or "Custom",
        },
        "printSpec": {
            "productName": size.product,
            "trimWidthPt": float(size.width * _POINTS),
            "trimHeightPt": float(size.height * _POINTS),
            "dpi": exported.dpi or own.export_dpi,
            "bleedPt": float(length_of(own.export_bleed) * _POINTS),
            "pixelWidth": exported.width,
            "pixelHeight": exported.height,
        },
        "mapDefinition": {
            "title": shown["title"],
            "subtitle": shown["subtitle"],
            "projection": printed.projection or "orthographic",
            "rotation": shown["rotation"],
            "zoom": printed.zoom or 1.0,
            "pan": printed.pan or (0, 0),
            "peopleCount": len(people),
            "locationsCount": sum(len(_locations(one)) for one in people),
        },
        "file": {
            "path": exported.file_path,
            "sizeBytes": exported.size_bytes,
            "sizeMB": f"{exported.size_bytes / _MEGABYTE:.2f}",
        },
    }


def _locations(person: Any) -> list[Any]:  # noqa: ANN401 - people are the page's own matter
    found = person.get("locations") if isinstance(person, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] - as above
    return found if isinstance(found, list) else []  # pyright: ignore[reportUnknownVariableType] - as above
