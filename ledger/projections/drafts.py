"""A draft: changes of a view's tables that are made over a snapshot, without a lock, and written later in one piece."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Generic, TypeVar

import msgspec
import sqlalchemy as sa

from ledger.projections.facts import View
from ledger.projections.rows import Row
from ledger.projections.tables import delete_sql, mark, table_of, upsert_sql

__all__ = ["Draft", "DraftTable"]

R = TypeVar("R", bound=Row)
_VALUES = 400
"""Values of one condition in one query."""


class DraftTable(Generic[R]):
    """One table as a draft sees it: its own changes over what is stored."""

    def __init__(self, connection: sa.Connection, row: type[R], generation: int) -> None:
        self._connection = connection
        self._row = row
        self._table = table_of(row, generation)
        self._changes: dict[tuple[Any, ...], R | None] = {}
        self._places: dict[str, dict[Any, dict[tuple[Any, ...], None]]] = {}
        self._mark = mark(connection)
        self._order = ", ".join(f'"{name}"' for name in row.KEY)

    def get(self, *key: Any) -> R | None:
        """The row under a key."""
        if key in self._changes:
            return self._changes[key]
        wanted = {name: [value] for name, value in zip(self._row.KEY, key, strict=True)}
        return next(self._stored(wanted), None)

    def put(self, row: R) -> None:
        """Add a row, or replace the one with its key."""
        key = self._key(row)
        self._changes[key] = row
        for column, places in self._places.items():
            places.setdefault(getattr(row, column), {})[key] = None

    def delete(self, *key: Any) -> None:
        """Remove the row under a key, if there is one."""
        self._changes[key] = None

    def find(self, *, since: tuple[str, int] | None = None, **wanted: Collection[Any]) -> list[R]:
        """The rows of which each named column has one of the values, by key; `since` is a column with its least value."""
        if not all(wanted.values()):
            return []
        stored = self._stored(wanted, since)
        found = {key: row for row in stored if (key := self._key(row)) not in self._changes}
        column, values = next(iter(wanted.items()))
        places = self._placed(column)
        for key in (key for value in values for key in places.get(value, ())):
            row = self._changes[key]
            if row is None or (since is not None and getattr(row, since[0]) < since[1]):
                continue
            if all(getattr(row, name) in among for name, among in wanted.items()):
                found[key] = row
        return [found[key] for key in sorted(found)]

    def all(self) -> list[R]:
        """All rows by key."""
        found = {key: row for row in self._select("", ()) if (key := self._key(row)) not in self._changes}
        found.update({key: row for key, row in self._changes.items() if row is not None})
        return [found[key] for key in sorted(found)]

    def last(self, first: Any) -> R | None:
        """The row with the greatest key of those whose key begins with a value."""
        own = [key for key in self._changes if key[0] == first]
        falling = ", ".join(f'"{name}" DESC' for name in self._row.KEY)
        last = f'WHERE "{self._row.KEY[0]}" = {self._mark} ORDER BY {falling} LIMIT {len(own) + 1}'
        found = {key: row for row in self._select(last, (first,)) if (key := self._key(row)) not in own}
        found.update({key: row for key in own if (row := self._changes[key]) is not None})
        return found[max(found)] if found else None

    def flush(self, connection: sa.Connection) -> None:
        """Write the changes."""
        removed = [key for key, row in sorted(self._changes.items()) if row is None]
        added = [msgspec.structs.astuple(row) for _, row in sorted(self._changes.items()) if row is not None]
        if removed:
            connection.exec_driver_sql(delete_sql(self._table, self._mark), removed)
        if added:
            connection.exec_driver_sql(upsert_sql(self._table, self._mark), added)

    def _key(self, row: R) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in self._row.KEY)

    def _placed(self, column: str) -> dict[Any, dict[tuple[Any, ...], None]]:
        if column not in self._places:
            places: dict[Any, dict[tuple[Any, ...], None]] = {}
            for key, row in self._changes.items():
                if row is not None:
                    places.setdefault(getattr(row, column), {})[key] = None
            self._places[column] = places
        return self._places[column]

    def _stored(self, wanted: dict[str, Any], since: tuple[str, int] | None = None) -> Iterator[R]:
        (first, values), *others = wanted.items()
        rest = "".join(f' AND "{name}" IN ({self._marks(among)})' for name, among in others)
        more = tuple(value for _, among in others for value in among)
        if since is not None:
            rest += f' AND "{since[0]}" >= {self._mark}'
            more += (since[1],)
        ordered = iter(sorted(values))
        while chunk := tuple(islice(ordered, _VALUES)):
            yield from self._select(f'WHERE "{first}" IN ({self._marks(chunk)}){rest}', (*chunk, *more))

    def _marks(self, values: Collection[Any]) -> str:
        return ", ".join([self._mark] * len(values))

    def _select(self, rest: str, values: tuple[Any, ...]) -> Iterator[R]:
        rows = self._connection.exec_driver_sql(f'SELECT * FROM "{self._table.name}" {rest}', values)  # noqa: S608
        return (self._row(*row) for row in rows)


class Draft:
    """The tables of one generation of a view over one snapshot."""

    def __init__(self, connection: sa.Connection, view: View, generation: int) -> None:
        self._tables: dict[type[Row], DraftTable[Any]] = {
            row: DraftTable(connection, row, generation) for row in view.tables
        }

    def of(self, row: type[R]) -> DraftTable[R]:
        """The table of a row type."""
        return self._tables[row]

    def flush(self, connection: sa.Connection) -> None:
        """Write every change, in the transaction of `connection`."""
        for table in self._tables.values():
            table.flush(connection)
