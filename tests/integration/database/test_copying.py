"""What PostgreSQL reads from our lines of COPY is what was written into them."""

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from millhand.core.durability import Durability
from millhand.database.bulk import copy_in
from millhand.database.copy_text import lines
from millhand.database.engines import writer_engine

_TABLE = sa.Table(
    "copied",
    sa.MetaData(),
    sa.Column("id", sa.Text, unique=True),
    sa.Column("args", sa.Text),
    sa.Column("key", sa.Text),
    sa.Column("number", sa.BigInteger),
)
_NAMES = ("id", "args", "key", "number")

_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.text("\\\n\r\tNn.\"'{},")
"""Any text that PostgreSQL can store, and many of what its format gives a meaning to."""


@pytest.fixture
def engine(postgres_url: str) -> sa.Engine:
    engine = writer_engine(postgres_url, Durability.NORMAL, 5.0)
    with engine.begin() as connection:
        _TABLE.create(connection)
    return engine


@given(
    rows=st.lists(st.tuples(_texts, _texts), max_size=5, unique_by=lambda row: row[0]),
    key=st.none() | _texts,
    number=st.none() | st.integers(-(2**63), 2**63 - 1),
)
@example(rows=[("\\.", "\\N"), ("", "\\\\n\n"), ("\r\n", "\t\\t")], key="\\N", number=0)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_comes_back(
    engine: sa.Engine, rows: list[tuple[str, str]], key: str | None, number: int | None
) -> None:
    with engine.connect() as connection, connection.begin() as transaction:
        assert copy_in(connection, _TABLE, _NAMES, [lines(rows, (key, number))])
        found = connection.execute(sa.select(_TABLE)).fetchall()
        transaction.rollback()
    assert sorted(map(tuple, found)) == sorted((*row, key, number) for row in rows)


@pytest.mark.parametrize("bad", ["a", "\0"], ids=["taken", "the character 0"])
def test_of_lines_with_a_bad_one_none_is_stored_and_the_transaction_goes_on(engine: sa.Engine, bad: str) -> None:
    with engine.connect() as connection, connection.begin():
        assert copy_in(connection, _TABLE, _NAMES, [lines([("a", "first")], ("k", 1))])
        assert not copy_in(connection, _TABLE, _NAMES, [lines([("b", "next"), (bad, "")], ("k", 2))])
        assert copy_in(connection, _TABLE, _NAMES, [lines([("c", "last")], ("k", 3))])
        assert connection.scalars(sa.select(_TABLE.c.id).order_by(_TABLE.c.id)).all() == ["a", "c"]


def test_a_text_that_is_no_unicode_is_an_error_and_stores_nothing(engine: sa.Engine) -> None:
    with pytest.raises(UnicodeEncodeError), engine.connect() as connection, connection.begin():
        copy_in(connection, _TABLE, _NAMES, [lines([("a", "fine"), ("b", "\ud800")], ("k", 1))])
    with engine.connect() as connection:
        assert connection.scalars(sa.select(_TABLE.c.id)).all() == []
