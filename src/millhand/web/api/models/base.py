"""What every answer is made of."""

from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from millhand.core.clock import as_datetime

ItemT = TypeVar("ItemT")


def _moment(value: object) -> object:
    return as_datetime(value) if isinstance(value, int) else value


Instant = Annotated[datetime, BeforeValidator(_moment)]
"""An instant of ours, written as RFC 3339."""


class Shown(BaseModel):
    """Something that is shown; made from a view of the ledger by the names of its fields."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Asked(BaseModel):
    """Something that is asked for; what is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Count(Shown):
    """A number that was counted up to a limit."""

    value: int = Field(description="How many; with `more`, at least so many.")
    more: bool = Field(description="Whether there are more than were counted.")


class Page(Shown, Generic[ItemT]):
    """A page of a list."""

    items: list[ItemT]
    next: str | None = Field(description="The `cursor` of the following page; null at the end.")


class Items(Shown, Generic[ItemT]):
    """A whole list."""

    items: list[ItemT]
