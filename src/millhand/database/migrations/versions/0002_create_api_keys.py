"""Create the keys of the HTTP API, and the requests that may be repeated.

Revision 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "api_keys",
        sa.Column("name", _NAME, nullable=False),
        sa.Column("digest", _NAME, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("tenant", _NAME, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="api_keys_pkey"),
        sa.UniqueConstraint("digest", name="api_keys_digest_unique"),
    )
    op.create_table(
        "requests",
        sa.Column("caller", _NAME, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="requests_pkey"),
    )
    op.create_index("requests_at", "requests", ["at"])
