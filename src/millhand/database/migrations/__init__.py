"""The steps that bring a database's schema from any released version to this one (Alembic)."""
