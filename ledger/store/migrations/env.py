"""Alembic's entry point: upgrades the database of the connection it is given, or of `sqlalchemy.url`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from ledger.store.schema import metadata


def _run(connection: Connection) -> None:
    postgres = connection.dialect.name == "postgresql"
    context.configure(
        connection=connection, target_metadata=metadata, version_table_schema="ledger" if postgres else None
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    engine = create_engine(str(context.config.get_main_option("sqlalchemy.url")))
    with engine.begin() as opened:
        _run(opened)
    engine.dispose()
