"""Carrying a whole ledger between PostgreSQL and an SQLite file, table by table, with nothing changed on the way.

An SQLite file is the one form in which a ledger travels: it can be verified, read and asked as it lies there, and becomes a
ledger in either database. Ids of streams stay what they are: no id is above the last position, so new ones are free in both.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, Executable, Row
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.exc import DBAPIError

from ledger.errors import CorruptionError, StoreError, UsageError
from ledger.store.postgres_server import SCHEMA, open_server, shown, translate
from ledger.store.postgres_writer import Driver
from ledger.store.sql import SqlReader, no_head
from ledger.store.sqlite_file import open_file
from ledger.store.sqlite_file import translate as translate_sqlite

__all__ = ["read_out", "write_in"]

_TABLES = {
    "types": {"id": "int4", "name": "text"},
    "producers": {"id": "int4", "name": "text", "version": "text", "identity": "text"},
    "streams": {"id": "int8", "name": "text"},
    "events": {
        "position": "int8",
        "stream": "int8",
        "version": "int4",
        "type": "int4",
        "producer": "int4",
        "event_id": "bytea",
        "recorded_at": "int8",
        "envelope": "bytea",
        "salt": "bytea",
        "payload": "bytea",
    },
    "subtrees": {"level": "int4", "number": "int8", "root": "bytea"},
    "bodies": {
        "id": "int8",
        "key": "bytea",
        "dedupe": "bytea",
        "salt": "bytea",
        "codec": "int4",
        "size": "int8",
        "data": "bytea",
    },
    "redacted_events": {"position": "int8", "by_position": "int8"},
    "redacted_bodies": {"key": "bytea", "by_position": "int8"},
    "keys": {"key": "text", "value": "text"},
    "tasks": {
        "kind": "text",
        "key": "text",
        "grp": "text",
        "next_at": "int8",
        "data": "bytea",
        "owner": "text",
        "lease_until": "int8",
        "fence": "int8",
    },
}
"""Columns and PostgreSQL's types of all tables but the head, in the order in which their triggers let them be filled."""

_SEQUENCES = ("types", "producers", "bodies")
_HEAD = "SELECT ledger, dedupe_key, position, frontier, recorded_at FROM ledger.head"
_HEAD_AND_FENCE = "SELECT ledger, dedupe_key, position, frontier, recorded_at, fence FROM head"
_FENCE = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM ledger.fences"


def read_out(engine: Engine, path: Path, which: str) -> None:
    """Write the ledger in PostgreSQL behind `engine`, as it is at this instant, to the new SQLite file `path`.

    Raises StoreUnavailableError and the like naming `which` or the file.
    """
    target = open_file(path, readonly=False)
    try:
        with _transaction(engine, which, "REPEATABLE READ") as connection:
            source = _driver(connection)
            head = source.execute(_HEAD, binary=True).fetchone()
            fence = source.execute(_FENCE).fetchone()
            if head is None or fence is None:
                raise no_head(which)
            with _file(target, str(path)) as file:
                for table, columns in _TABLES.items():
                    marks = ", ".join("?" * len(columns))
                    file.executemany(
                        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - our own names
                        _rows(source, table),
                    )
                file.execute("INSERT INTO head VALUES (1, ?, ?, ?, ?, ?, ?)", (*head, *fence))
    finally:
        target.dispose()


def _rows(source: Driver, table: str) -> Iterator[tuple[Any, ...]]:
    columns = list(_TABLES[table])
    statement = (
        f"COPY (SELECT {', '.join(columns)} FROM {SCHEMA}.{table} ORDER BY {columns[0]}) "  # noqa: S608 - our own names
        "TO STDOUT (FORMAT BINARY)"
    )
    with source.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(_TABLES[table].values()))
        yield from copy.rows()


@contextmanager
def _transaction(engine: Engine, which: str, isolation: IsolationLevel) -> Iterator[Connection]:
    """A connection in a transaction, which is committed at the end."""
    try:
        with engine.connect() as plain:
            connection = plain.execution_options(isolation_level=isolation)
            with connection.begin():
                yield connection
    except DBAPIError as error:
        raise translate(error.orig or error, which) from error
    except psycopg.Error as error:
        raise translate(error, which) from error


def _driver(connection: Connection) -> Driver:
    return connection.connection.driver_connection  # type: ignore[return-value]


@contextmanager
def _file(engine: Engine, which: str) -> Iterator[sqlite3.Connection]:
    """A connection to a new file in one transaction, all of it in the main file at the end."""
    try:
        with closing(engine.raw_connection()) as pooled:
            connection: sqlite3.Connection = pooled.driver_connection  # type: ignore[assignment]
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise translate_sqlite(error, which) from error


class _Inside(SqlReader):
    """Reads a ledger inside the transaction of one connection."""

    def __init__(self, connection: Connection, which: str) -> None:
        super().__init__(connection.engine, which)
        self._connection = connection

    def _fetch(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        return self._connection.execute(statement, values or {}).all()

    def _translate(self, error: BaseException) -> StoreError:
        return translate(error, self._which)


def write_in(path: Path, url: URL, check: Callable[[SqlReader], None]) -> None:
    """Make the ledger in the SQLite file `path` that of the database at `url`, unless `check` raises for what lies there then.

    All or nothing: `check` reads inside the transaction. Raises UsageError when there is a ledger already.
    """
    engine, which = open_server(url), shown(url)
    try:
        with _transaction(engine, which, "READ COMMITTED") as connection:
            target = _driver(connection)
            target.execute("LOCK TABLE ledger.head IN EXCLUSIVE MODE")
            if target.execute("SELECT FROM ledger.head").fetchone() is not None:
                raise UsageError(
                    "There is a ledger in this database already", which=which, fix="Name another database"
                )
            _fill(target, path)
            check(_Inside(connection, which))
    finally:
        engine.dispose()


def _fill(target: Driver, path: Path) -> None:
    source = open_file(path, readonly=True)
    try:
        with closing(source.raw_connection()) as pooled:
            connection: sqlite3.Connection = pooled.driver_connection  # type: ignore[assignment]
            connection.execute("BEGIN")
            for table, columns in _TABLES.items():
                names = ", ".join(columns)
                rows = connection.execute(f"SELECT {names} FROM {table} ORDER BY {next(iter(columns))}")  # noqa: S608 - our own names
                with (
                    target.cursor() as cursor,
                    cursor.copy(f"COPY {SCHEMA}.{table} ({names}) FROM STDIN (FORMAT BINARY)") as copy,
                ):
                    copy.set_types(list(columns.values()))
                    for row in rows:
                        copy.write_row(row)
            head = connection.execute(_HEAD_AND_FENCE).fetchone()
    except sqlite3.Error as error:
        raise translate_sqlite(error, str(path)) from error
    except (TypeError, ValueError, OverflowError) as error:
        raise CorruptionError(
            "The backup holds a value of a kind that newsledger does not write",
            which=f"{path}: {error}",
            fix="Use another backup",
        ) from error
    finally:
        source.dispose()
    if head is None:
        raise no_head(str(path))
    *values, fence = head
    target.execute("INSERT INTO ledger.head VALUES (1, %s, %b, %s, %b, %s)", values)
    for table in _SEQUENCES:
        target.execute(
            f"SELECT setval(pg_get_serial_sequence('{SCHEMA}.{table}', 'id'), max(id)) FROM {SCHEMA}.{table}"  # noqa: S608 - our own names
        )
    if fence:
        target.execute("SELECT setval('ledger.fences', %s)", (fence,))
