"""Tables of one generation: made from row structs, read and written by a batch that folds in memory."""

from __future__ import annotations

import functools
import types
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import sqlalchemy as sa

from ledger.projections import fulltext
from ledger.projections.facts import View
from ledger.projections.rows import Row

__all__ = [
    "Batch",
    "create_indexes",
    "create_tables",
    "delete_sql",
    "document_columns",
    "drop_tables",
    "mark",
    "publish",
    "table_name",
    "table_of",
    "unpublish",
    "upsert_sql",
]

R = TypeVar("R", bound=Row)

_TYPES: dict[type, sa.types.TypeEngine[Any]] = {
    str: sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    int: sa.BigInteger(),
    float: sa.Double(),
    bytes: sa.LargeBinary(),
}
_VALUES = 500
"""Values in one IN list; SQLite allows 32,766 parameters, and short lists are prepared once."""


def document_columns(row: type[Row]) -> dict[str, tuple[type, bool, str]]:
    """The columns of a row type: name -> (Python type, whether null is allowed, documentation)."""
    columns = {}
    for name, hint in get_type_hints(row, include_extras=True).items():
        if name not in row.__struct_fields__:
            continue
        kind, text = get_args(hint)
        nullable = get_origin(kind) in (Union, types.UnionType)
        plain = next(each for each in get_args(kind) if each is not type(None)) if nullable else kind
        columns[name] = (plain, nullable, text)
    return columns


def table_name(table: str, generation: int) -> str:
    """The name of a table of one generation, such as `articles__g3`."""
    return f"{table}__g{generation}"


@functools.cache
def table_of(row: type[Row], generation: int) -> sa.Table:
    """The table that holds rows of this type in one generation."""
    columns = [
        sa.Column(name, _TYPES[kind], primary_key=name in row.KEY, nullable=nullable, autoincrement=False)
        for name, (kind, nullable, _) in document_columns(row).items()
    ]
    name = table_name(row.TABLE, generation)
    table = sa.Table(name, sa.MetaData(), *columns, sqlite_with_rowid=False)
    for index in (*row.LOOKUPS, *row.INDEXES):
        sa.Index(f"{name}__{'_'.join(index)}", *(table.c[column] for column in index))
    return table


def create_tables(connection: sa.Connection, view: View, generation: int) -> None:
    """Make the tables of one generation of a view, with those secondary indexes only that its fold needs."""
    for row in view.tables:
        table = table_of(row, generation)
        connection.execute(sa.schema.CreateTable(table, if_not_exists=True))
        _create(connection, table, row.LOOKUPS)
    for name, columns in view.fulltext.items():
        fulltext.create(connection, table_name(name, generation), columns)


def create_indexes(connection: sa.Connection, view: View, generation: int) -> None:
    """Make the secondary indexes, when the rows are loaded."""
    for row in view.tables:
        _create(connection, table_of(row, generation), row.INDEXES)


def _create(connection: sa.Connection, table: sa.Table, wanted: Iterable[tuple[str, ...]]) -> None:
    by_columns = {tuple(column.name for column in index.columns): index for index in table.indexes}
    for columns in wanted:
        connection.execute(sa.schema.CreateIndex(by_columns[columns], if_not_exists=True))


def drop_tables(connection: sa.Connection, tables: Iterable[str], generation: int) -> None:
    """Remove the tables of one generation."""
    for table in tables:
        connection.exec_driver_sql(
            f"DROP TABLE IF EXISTS {table_name(table, generation)}{_with_views(connection)}"
        )


def _with_views(connection: sa.Connection) -> str:
    """What drops the views on a table with it, where the database would refuse otherwise."""
    return " CASCADE" if connection.dialect.name == "postgresql" else ""


def publish(connection: sa.Connection, view: View, generation: int) -> None:
    """Let the plain table names stand for this generation, for tools that read the file."""
    for row in view.tables:
        unpublish(connection, [row.TABLE])
        connection.exec_driver_sql(
            f"CREATE VIEW {row.TABLE} AS SELECT * FROM {table_name(row.TABLE, generation)}"  # noqa: S608
        )


def unpublish(connection: sa.Connection, tables: Iterable[str]) -> None:
    """Remove the plain names."""
    for table in tables:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {table}")


def mark(connection: sa.Connection) -> str:
    """How a parameter is written in SQL that is sent as it is."""
    return "?" if connection.dialect.paramstyle == "qmark" else "%s"


def upsert_sql(table: sa.Table, parameter: str) -> str:
    """Add a row, or replace the one with its key; parameters are all columns in order."""
    names = [f'"{column.name}"' for column in table.columns]
    key = ", ".join(f'"{column.name}"' for column in table.primary_key)
    changed = ", ".join(
        f'"{column.name}" = excluded."{column.name}"' for column in table.columns if not column.primary_key
    )
    return (
        f'INSERT INTO "{table.name}" ({", ".join(names)}) VALUES ({", ".join([parameter] * len(names))}) '  # noqa: S608
        f"ON CONFLICT ({key}) DO {f'UPDATE SET {changed}' if changed else 'NOTHING'}"
    )


def delete_sql(table: sa.Table, parameter: str) -> str:
    """Remove the row under a key; parameters are the key's columns in order."""
    where = " AND ".join(f'"{column.name}" = {parameter}' for column in table.primary_key)
    return f'DELETE FROM "{table.name}" WHERE {where}'  # noqa: S608


class _Table(Generic[R]):
    """One table as a batch sees it: its own changes over what is stored."""

    def __init__(self, connection: sa.Connection, row: type[R], generation: int) -> None:
        self._connection = connection
        self._row = row
        self._table = table_of(row, generation)
        self._changes: dict[tuple[Any, ...], R | None] = {}
        self._added: list[tuple[Any, ...]] = []
        self._key = tuple(row.__struct_fields__.index(name) for name in row.KEY)
        self._mark = mark(connection)
        self._upsert = upsert_sql(self._table, self._mark)
        where = " AND ".join(f'"{name}" = {self._mark}' for name in row.KEY)
        self._where_key = f'FROM "{self._table.name}" WHERE {where}'
        self._order = ", ".join(f'"{name}"' for name in row.KEY)

    def get(self, *key: Any) -> R | None:
        if self._added:
            self.flush()
        if key in self._changes:
            return self._changes[key]
        found = self._connection.exec_driver_sql(f"SELECT * {self._where_key}", key).fetchone()
        return self._row(*found) if found is not None else None

    def put(self, row: R) -> None:
        values = msgspec.structs.astuple(row)
        self._changes[tuple(values[at] for at in self._key)] = row

    def add(self, row: R) -> None:
        self._added.append(msgspec.structs.astuple(row))

    def delete(self, *key: Any) -> None:
        self._changes[key] = None

    def matching(self, column: str, values: Collection[Any]) -> list[R]:
        self.flush()
        found: list[R] = []
        ordered = iter(sorted(values))
        while chunk := tuple(islice(ordered, _VALUES)):
            marks = ", ".join([self._mark] * len(chunk))
            found.extend(
                self._select(f'WHERE "{column}" IN ({marks}) ORDER BY {self._order}', chunk),
            )
        return found

    def rows(self) -> list[R]:
        self.flush()
        return list(self._select(f"ORDER BY {self._order}", ()))

    def flush(self) -> None:
        removed = [key for key, row in self._changes.items() if row is None]
        added = [msgspec.structs.astuple(row) for row in self._changes.values() if row is not None]
        added += self._added
        self._changes.clear()
        self._added.clear()
        if removed:
            self._connection.exec_driver_sql(f"DELETE {self._where_key}", removed)
        if added:
            self._connection.exec_driver_sql(self._upsert, added)

    def _select(self, rest: str, values: tuple[Any, ...]) -> Iterator[R]:
        rows = self._connection.exec_driver_sql(f'SELECT * FROM "{self._table.name}" {rest}', values)  # noqa: S608
        return (self._row(*row) for row in rows)


class Batch:
    """The tables of one generation during one transaction; `flush` writes what the fold left behind."""

    def __init__(self, connection: sa.Connection, view: View, generation: int) -> None:
        self._connection = connection
        self._generation = generation
        self._columns = view.fulltext
        self._tables: dict[type[Row], _Table[Any]] = {
            row: _Table(connection, row, generation) for row in view.tables
        }

    def of(self, row: type[R]) -> _Table[R]:
        """The table of a row type."""
        return self._tables[row]

    def index(self, table: str, rows: Mapping[int, Mapping[str, str] | None]) -> None:
        """Replace documents of a full-text index, by rowid; None removes one."""
        name, columns = table_name(table, self._generation), self._columns[table]
        if rows:
            fulltext.replace(self._connection, name, columns, rows)

    def flush(self) -> None:
        """Write every change."""
        for table in self._tables.values():
            table.flush()
