"""What became of an export, as the job's result says it: readable by the dispatcher's observers and by Node."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class ExportedMap(BaseModel):
    """An export that is complete. `already` says that the API knew it as complete before this attempt began."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)

    file_path: str
    format: str = ""
    size_bytes: int = 0
    sha256: str = ""
    width: int | None = None
    height: int | None = None
    dpi: int | None = None
    reused: bool = False
    already: bool = False
