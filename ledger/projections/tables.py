"""Tables of one generation: made from row structs."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterable
from typing import Any, Union, get_args, get_origin, get_type_hints

import sqlalchemy as sa

from ledger.projections import fulltext
from ledger.projections.facts import View
from ledger.projections.rows import Row

__all__ = [
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

_TYPES: dict[type, sa.types.TypeEngine[Any]] = {
    str: sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    int: sa.BigInteger(),
    float: sa.Double(),
    bytes: sa.LargeBinary(),
}


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
