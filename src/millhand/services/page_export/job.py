"""The job `export-map` as its producers send it: names in camel case, sizes in each of the ways that were in use."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from millhand.core.job import Args

KIND = "export-map"
LARGEST_SIDE = 120
"""Inches."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def is_safe_id(text: object) -> bool:
    """Whether an id may stand in a file's name and in a URL as it is."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def _safe_id(text: str) -> str:
    if not is_safe_id(text):
        raise ValueError("an id names a file and a URL: letters, digits, '.', '_' and '-' alone, at most 100")
    return text


SafeId = Annotated[str, AfterValidator(_safe_id)]
Rotation = tuple[float, float, float]

# Producers are others' programs: what they send beyond what is known here is kept, and changes nothing.
_AS_SENT = ConfigDict(
    frozen=True, extra="allow", alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True
)


class UserMapData(BaseModel):
    """What the map shows."""

    model_config = _AS_SENT

    title: str | None = Field(default=None, description="Title; empty means `Untitled Map`.")
    subtitle: str | None = Field(default=None, description="Line under the title.")
    people: list[Any] = Field(default_factory=list[Any], description="Who is on the map, as the page wants it.")
    rotation: Rotation | None = Field(default=None, description="Where the globe is turned to, in degrees.")


class PrintableMapData(BaseModel):
    """How it is printed. The size is `widthInches` and `heightInches`, or is given in an older or a newer way."""

    model_config = _AS_SENT

    width_inches: float | None = Field(default=None, gt=0, le=LARGEST_SIDE, description="Width in inches.")
    height_inches: float | None = Field(default=None, gt=0, le=LARGEST_SIDE, description="Height in inches.")
    page_size: str | None = Field(default=None, max_length=60, description="In place of inches, such as `18x24`, `A3`.")
    width: float | None = Field(default=None, gt=0, description="In place of inches, with `units`.")
    height: float | None = Field(default=None, gt=0, description="In place of inches, with `units`.")
    units: Literal["mm", "inches"] | None = Field(default=None, description="Units of `width` and `height`.")
    orientation: Literal["portrait", "landscape"] | None = Field(default=None, description="Turns the size.")
    paper_size_name: str | None = Field(default=None, description="The size's name for people.")
    projection: str | None = Field(default=None, description="The map's projection.")
    rotation: Rotation | None = Field(default=None, description="Where the globe is turned to; wins over the map's.")
    zoom: float | None = Field(default=None, description="Magnification.")
    pan: tuple[float, float] | None = Field(default=None, description="Shift.")
    format: Literal["png", "pdf"] | None = Field(default=None, description="Unset means what the worker is set to.")
    dpi: int | None = Field(default=None, ge=10, le=2_400, description="Unset means what the worker is set to.")

    @model_validator(mode="after")
    def _has_a_size(self) -> Self:
        pairs = ((self.width_inches, self.height_inches), (self.width, self.height))
        if any((one is None) != (other is None) for one, other in pairs):
            raise ValueError("a width needs a height, and the other way round")
        if self.width is not None and self.units is None:
            raise ValueError("`width` and `height` need `units`, mm or inches")
        if self.width_inches is None and self.width is None and not self.page_size:
            raise ValueError("there is no size: give `widthInches` and `heightInches`, or `pageSize`")
        return self


class ExportMap(Args, kind=KIND, queue=KIND):
    """Export a map's page at print size, and tell the API server how it goes."""

    model_config = _AS_SENT

    print_job_id: SafeId = Field(description="The API's id of this export; names the file.")
    printable_map_id: str = Field(default="", description="The API's id of the map; for log lines.")
    user_map_data: UserMapData = Field(description="What the map shows.")
    printable_map_data: PrintableMapData = Field(description="How it is printed.")
