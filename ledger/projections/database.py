"""The views' database: a SQLite file of its own, opened for many readers and one writer at a time.

Views are disposable: `synchronous=NORMAL` may lose the last commits in a power cut, never the agreement of rows and checkpoint,
which are committed together. Writers begin with `BEGIN IMMEDIATE`, so that two projectors never work on one batch.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from ledger.errors import LedgerError, StoreUnavailableError

__all__ = ["CACHE_MIB", "Database", "FileDatabase", "is_outdated"]

_BUSY_MS = 10_000
_PRAGMAS = (
    f"PRAGMA busy_timeout={_BUSY_MS}",
    "PRAGMA synchronous=NORMAL",
    "PRAGMA wal_autocheckpoint=10000",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
)
CACHE_MIB = 64
_WRITER = "ledger_writer"


class Database(Protocol):
    """Where views are kept. Safe to use from any thread; only errors of `ledger.errors` escape."""

    def read(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that sees one instant and writes nothing."""
        ...

    def write(self) -> AbstractContextManager[sa.Connection]:
        """A transaction of the only writer; committed at the end, rolled back by an exception."""
        ...

    def scrub(self) -> bool:
        """Leave nothing of removed rows behind; False when a reader stands in the way."""
        ...

    def close(self) -> None:
        """Close every connection; idempotent."""
        ...


class FileDatabase:
    """A pool of connections to one file, each with a page cache of `cache_mib`. Safe to use from any thread."""

    def __init__(self, path: Path, metadata: sa.MetaData, cache_mib: int = CACHE_MIB) -> None:
        self.path = path
        self._pragmas = (*_PRAGMAS, f"PRAGMA cache_size=-{cache_mib * 1024}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreUnavailableError(
                "The folder for the views cannot be made", which=str(path.parent), fix=str(error.strerror)
            ) from error
        self._engine = sa.create_engine(sa.URL.create("sqlite", database=str(path)))
        sa.event.listen(self._engine, "connect", self._configure)
        sa.event.listen(self._engine, "begin", _begin)
        try:
            with self.write() as connection:
                if is_outdated(connection, metadata):
                    _clear(connection)
                metadata.create_all(connection)
        except LedgerError:
            self._engine.dispose()
            raise

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A transaction that sees one instant and writes nothing."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction that holds the write lock from its start; committed at the end, rolled back by an exception."""
        with self._translated(), self._engine.connect() as plain:
            connection = plain.execution_options(**{_WRITER: True})
            with connection.begin():
                yield connection

    def scrub(self) -> bool:
        """Rewrite the file without its free pages and empty the log beside it; False when a reader stands in the way."""
        with self._translated():
            raw = self._engine.raw_connection()
            try:
                cursor = raw.cursor()
                try:
                    cursor.execute("VACUUM")
                    busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                except sqlite3.OperationalError as error:
                    if "locked" in str(error):
                        return False
                    raise
                return not busy
            finally:
                raw.close()

    def close(self) -> None:
        """Close every connection; idempotent."""
        self._engine.dispose()

    def _configure(self, connection: Any, _record: Any) -> None:
        """Leave transactions to the "begin" event, and set up the connection."""
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in self._pragmas:
            cursor.execute(pragma)
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            _to_wal(cursor)
        cursor.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            raise StoreUnavailableError(
                "The views cannot be used", which=f"{self.path}: {cause}", fix=_fix(str(cause))
            ) from error


def is_outdated(connection: sa.Connection, metadata: sa.MetaData) -> bool:
    """Whether another release made the tables: views are made anew, never migrated."""
    found = sa.inspect(connection)
    return any(
        found.has_table(table.name)
        and [column["name"] for column in found.get_columns(table.name)]
        != [column.name for column in table.columns]
        for table in metadata.sorted_tables
    )


def _clear(connection: sa.Connection) -> None:
    """Drop everything; a full-text index takes the tables behind it with it."""
    listed = (
        "SELECT type, name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' "
    )
    for some in ("AND type = 'view'", "AND sql LIKE 'CREATE VIRTUAL%'", ""):
        for kind, name in connection.exec_driver_sql(listed + some).fetchall():
            connection.exec_driver_sql(f'DROP {kind} "{name}"')


def _fix(message: str) -> str:
    if "not a database" in message or "malformed" in message:
        return "Delete this file: it is rebuilt from the ledger"
    if "locked" in message or "busy" in message:
        return "Another process holds it; try again"
    if "full" in message:
        return "Make room on the disk"
    return "Check that the folder exists and is writable"


def _to_wal(cursor: sqlite3.Cursor) -> None:
    """Switch to WAL. SQLite does not wait for another process that does the same just now, so ask again."""
    deadline = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: sa.Connection) -> None:
    writer = connection.get_execution_options().get(_WRITER, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
