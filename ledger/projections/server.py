"""The views' database in PostgreSQL: the schema `views` beside the log's, for many readers and one writer at a time.

Views are disposable: `synchronous_commit=off` may lose the last commits in a crash, never the agreement of rows and
checkpoint. Writers take turns by an advisory lock, so that two projectors never work on one batch; readers see one instant
and wait for nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from ledger.errors import LedgerError, StoreUnavailableError
from ledger.projections import fulltext
from ledger.projections.database import is_outdated

__all__ = ["SCHEMA", "ServerDatabase"]

SCHEMA = "views"
"""The schema of the views unless another is given."""
_WRITERS = 0x4E575657
"""Key of the advisory lock by which writers take turns, with a number made of the schema's name."""
_MAKING = 0x4E575653
"""Key of the advisory lock by which processes take turns to make the schema."""


class ServerDatabase:
    """A pool of connections to one schema. Safe to use from any thread."""

    def __init__(self, url: sa.URL, metadata: sa.MetaData, schema: str = SCHEMA) -> None:
        self.path = f"{url.render_as_string(hide_password=True)}, schema {schema}"
        self._schema = schema
        self._engine = sa.create_engine(url.set(drivername="postgresql+psycopg"))
        sa.event.listen(self._engine, "connect", self._configure)
        try:
            with self._translated(), self._engine.begin() as connection:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
                connection.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
                if is_outdated(connection, metadata):
                    connection.exec_driver_sql(f'DROP SCHEMA "{schema}" CASCADE; CREATE SCHEMA "{schema}"')
                metadata.create_all(connection)
                fulltext.prepare(connection)
        except LedgerError:
            self._engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one instant and writes nothing."""
        with self._translated(), self._engine.connect() as plain:
            yield plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction of the only writer; committed at the end, rolled back by an exception."""
        with self._translated(), self._engine.begin() as connection:
            connection.exec_driver_sql(
                "SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (_WRITERS, self._schema)
            )
            yield connection

    def scrub(self) -> bool:
        """Leave no dead rows behind in the tables that outlive a generation."""
        with self._translated(), self._engine.connect() as plain:
            connection = plain.execution_options(isolation_level="AUTOCOMMIT")
            names = ", ".join(f'"{name}"' for name in ("projection", "park", "handled"))
            connection.exec_driver_sql(f"VACUUM FULL {names}")
        return True

    def close(self) -> None:
        """Close every connection; idempotent."""
        self._engine.dispose()

    def _configure(self, connection: Any, _record: Any) -> None:
        connection.execute(
            f"SET search_path = \"{self._schema}\"; SET synchronous_commit = off; SET lock_timeout = '60s'"
        )
        connection.commit()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as error:
            raise StoreUnavailableError(
                "The views cannot be used",
                which=f"{self.path}: {' '.join(str(error.orig).split())}",
                fix="Check that the server runs and that this user may create the schema, then try again",
            ) from error
