"""Counting up to a limit: no count costs more than looking at that many entries of an index."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from millhand.ledger.views import Count

MOST = 10_000


def bounded(*where: sa.ColumnElement[bool], most: int = MOST) -> sa.ScalarSelect[int]:
    """How many rows fulfil the conditions, as a part of a statement; it stops at one more than `most`."""
    some = sa.select(sa.literal(1)).where(*where).limit(most + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def counted(number: int, most: int = MOST) -> Count:
    """What `bounded` found."""
    return Count(min(number, most), more=number > most)


def counts(connection: sa.Connection, questions: Sequence[sa.ScalarSelect[int]]) -> list[Any]:
    """Answer several of them with one statement."""
    row = connection.execute(
        sa.select(*(question.label(f"n{place}") for place, question in enumerate(questions)))
    ).one()
    return list(row)
