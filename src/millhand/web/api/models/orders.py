"""What is asked of the API: jobs to send, and commands; and what it answers to them."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from millhand.core.maker import LONGEST_NAME
from millhand.core.retry import LONGEST_WAIT
from millhand.core.state import State
from millhand.web.api.models.base import Asked, Shown
from millhand.web.api.models.jobs import Failure
from millhand.web.api.parameters import NO_NUL

Text = Annotated[str, StringConstraints(max_length=LONGEST_NAME, pattern=NO_NUL)]
_EXAMPLE: dict[str, Any] = {
    "kind": "document.convert",
    "args": {"source": "file:///srv/documents/letter.docx"},
    "priority": 1,
}


class Order(Asked):
    """A job to send."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    kind: Text = Field(description="What shall be done; `/v1/kinds` lists the kinds.")
    args: dict[str, Any] = Field(default_factory=dict[str, Any], description="By the schema of the kind.")
    queue: Text | None = Field(default=None, description="Unset means the kind's own.")
    tenant: Text | None = Field(default=None, description="On whose behalf; a key that is bound to one means that one.")
    priority: int = Field(default=0, ge=-(2**31) + 2, le=2**31 - 2, description="Higher goes first.")
    delay: float = Field(default=0.0, ge=0, le=LONGEST_WAIT, description="Seconds to wait before it may run.")
    key: Text | None = Field(default=None, description="No second live job of the kind with this key is made.")
    limit_key: Text | None = Field(default=None, description="Jobs with the same one share a limit of the queue.")


class Again(Asked):
    """How a job shall be repeated."""

    args: dict[str, Any] | None = Field(
        default=None,
        description="Changes to the arguments as a JSON merge patch (RFC 7396): a new job is made with them. Unset: the"
        " job itself runs again as it is.",
        examples=[{"options": {"pdfa": "2b"}}],
    )


class Fitting(Asked):
    """Jobs to act on, all that fit."""

    filter: Annotated[str, StringConstraints(min_length=1, max_length=1_500, pattern=NO_NUL)] = Field(
        description="Which jobs, in the words of the list's `filter`.",
        examples=["state:discarded kind:mail.send since:2h"],
    )


class Confirmation(Asked):
    """That this is really meant."""

    confirm: Text = Field(description="The name of the queue, once more.")


class Sent(Shown):
    """A job that was sent, and how it stands."""

    id: str
    kind: str
    state: State
    duplicate: bool = Field(description="Whether it was there already, by its key or its `Idempotency-Key`.")
    result: Any = Field(default=None, description="What its handler returned, if it has completed.")
    failure: Failure | None = Field(default=None, description="Why it failed last.")
    url: str = Field(description="Where to ask how it stands.")


class Cancelled(Shown):
    """What a cancel did."""

    id: str
    became: Literal["cancelled", "requested"] = Field(
        description="`requested`: it runs, and is told to stop within about a second."
    )


class Purged(Shown):
    """How many jobs were cancelled."""

    queue: str
    cancelled: int


class Fired(Shown):
    """The job that a schedule enqueued."""

    schedule: str
    id: str
    url: str
