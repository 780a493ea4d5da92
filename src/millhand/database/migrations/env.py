"""Alembic's entry: runs the migrations on the connection, and in the transaction, that it is given."""

from alembic import context

from millhand.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table_schema=context.config.attributes["schema"],
)
context.run_migrations()
