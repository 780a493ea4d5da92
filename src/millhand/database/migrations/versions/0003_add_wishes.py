"""Add what people wish of each worker.

Revision 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column; the workers that are there go on working."""
    wish = sa.Column("wish", sa.Text(), server_default="work", nullable=False)
    # Unlike what creates a table, what alters one is not told the schema by the connection.
    op.add_column("workers", wish, schema=op.get_context().version_table_schema)
