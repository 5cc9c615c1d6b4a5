"""Digests of generations, and what differs between two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from ledger.projections.catalogue import Generation
from ledger.projections.facts import View
from ledger.projections.results import TableDiff, ViewDiff
from ledger.projections.tables import table_name, table_of

__all__ = ["compare", "count_rows", "digest"]

_FIRST = 5
"""Keys of differing rows that are shown per table."""


def digest(connection: sa.Connection, view: View, generation: int) -> str:
    """Hex SHA-256 over all rows of a view in the order of their keys; opaque columns and names of generations do not enter."""
    state = hashlib.sha256()
    encode = msgspec.msgpack.encode
    for row in view.tables:
        table = table_of(row, generation)
        names = [name for name in row.__struct_fields__ if name not in row.OPAQUE]
        state.update(encode((row.TABLE, names)))
        for found in connection.execute(
            sa.select(*(table.c[name] for name in names)).order_by(*(table.c[name] for name in row.KEY))
        ):
            state.update(encode(tuple(found)))
    for name, columns in view.fulltext.items():
        state.update(encode((name, columns)))
        sql = f"SELECT rowid, {', '.join(columns)} FROM {table_name(name, generation)} ORDER BY rowid"  # noqa: S608
        for found in connection.exec_driver_sql(sql):
            state.update(encode(tuple(found)))
    return state.hexdigest()


def count_rows(connection: sa.Connection, generation: Generation) -> int:
    """Rows in all tables of a generation; a full-text index is one of them."""
    return sum(
        int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() or 0)  # noqa: S608
        for table in _tables(generation)
    )


def compare(connection: sa.Connection, view: View, old: Generation, new: Generation) -> ViewDiff:
    """What differs between two generations of a view, also when their tables have other columns. Opaque ones do not count."""
    opaque = {row.TABLE: row.OPAQUE for row in view.tables}
    names = sorted({*old.tables.split(), *new.tables.split()})
    return ViewDiff(
        name=new.name,
        old=old.generation,
        new=new.generation,
        tables=tuple(_compare_table(connection, name, opaque.get(name, ()), old, new) for name in names),
    )


def _tables(generation: Generation) -> list[str]:
    return [table_name(name, generation.generation) for name in generation.tables.split()]


def _compare_table(
    connection: sa.Connection, name: str, opaque: Sequence[str], old: Generation, new: Generation
) -> TableDiff:
    before, after = _rows(connection, name, opaque, old), _rows(connection, name, opaque, new)
    counts = {"old_rows": 0, "new_rows": 0, "only_old": 0, "only_new": 0, "changed": 0}
    first: list[str] = []
    left, right = next(before, None), next(after, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left[0] < right[0]):
            assert left is not None
            kind, key = "only_old", left[0]
        elif left is None or right[0] < left[0]:
            kind, key = "only_new", right[0]
        else:
            kind, key = ("" if left[1] == right[1] else "changed"), left[0]
        if kind:
            counts[kind] += 1
            if len(first) < _FIRST:
                first.append(" ".join(map(str, key)))
        if kind != "only_new":
            counts["old_rows"] += 1
            left = next(before, None)
        if kind != "only_old":
            counts["new_rows"] += 1
            right = next(after, None)
    return TableDiff(table=name, first=tuple(first), **counts)


def _rows(
    connection: sa.Connection, name: str, opaque: Sequence[str], generation: Generation
) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    """(key, row) pairs by key; none when the generation has no such table."""
    if name not in generation.tables.split():
        return
    table = table_name(name, generation.generation)
    inspector = sa.inspect(connection)
    names = [column["name"] for column in inspector.get_columns(table)]
    key = list(inspector.get_pk_constraint(table)["constrained_columns"]) or ["rowid"]
    listed = ", ".join(f'"{column}"' for column in key)
    found = connection.exec_driver_sql(f'SELECT {listed}, * FROM "{table}" ORDER BY {listed}')  # noqa: S608
    for row in found:
        values = zip(names, row[len(key) :], strict=False)
        yield tuple(row[: len(key)]), {column: value for column, value in values if column not in opaque}
