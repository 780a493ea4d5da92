"""Create the sums of what ended in each minute, and the mark up to which they are made.

Both begin empty, so that the step takes no longer where there are many jobs: workers sum the last day afterwards.

Revision 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "endings",
        sa.Column("state", _NAME, nullable=False),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("queue", _NAME, nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("fingerprint", _NAME, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("state", "minute", "queue", "kind", "fingerprint", name="endings_pkey"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "marks",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="marks_pkey"),
    )
