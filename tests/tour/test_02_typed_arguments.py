"""Chapter 2: arguments are typed. Nonsense is refused where it is made, before there is a job.

`Args` is a pydantic model, so constraints, defaults and nested models are those of pydantic.
"""

import pytest
from pydantic import Field, ValidationError

from millhand import App, Args, Context

app = App()


class Bake(Args, kind="tour.bake"):
    """Bake loaves."""

    loaf: str
    count: int = Field(default=1, ge=1, le=100)


@app.handler
async def bake(ctx: Context, args: Bake) -> str:
    """Bake."""
    return f"{args.count} {args.loaf}"


async def test_defaults_are_filled_in() -> None:
    async with app:
        done = await app.wait(await app.enqueue(Bake(loaf="rye")), timeout=30)
    assert done.result == "1 rye"


def test_a_value_out_of_range_makes_no_job() -> None:
    with pytest.raises(ValidationError, match="less than or equal to 100"):
        Bake(loaf="rye", count=5_000)


def test_a_name_with_a_slip_makes_no_job() -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Bake.model_validate({"loaf": "rye", "cuont": 2})
