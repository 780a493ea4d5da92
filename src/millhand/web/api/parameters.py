"""The parameters that several operations take."""

from typing import Annotated

from fastapi import Path, Query

from millhand.core.maker import LONGEST_NAME

NO_NUL = r"^[^\x00]*$"
"""What texts of a database must fulfil: PostgreSQL takes none with a zero byte."""

_LARGEST = 2**62

JobId = Annotated[str, Path(max_length=100, min_length=1, pattern=NO_NUL, description="The job's id.")]
Name = Annotated[str, Path(max_length=LONGEST_NAME, min_length=1, pattern=NO_NUL, description="The name.")]
Seq = Annotated[int, Path(ge=0, le=_LARGEST, description="The number within the ledger.")]
Limit = Annotated[int, Query(ge=1, le=500, description="So many at most.")]
Cursor = Annotated[
    int | None, Query(ge=0, le=_LARGEST, description="The `next` of the page before.", json_schema_extra={"example": 7})
]
After = Annotated[int, Query(ge=0, le=_LARGEST, description="Only those after the event with this `seq`.")]
