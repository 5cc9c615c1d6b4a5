"""Changes of a view's tables, made in memory over what is stored and written in one piece.

A draft is made over a snapshot, without a lock, and written later; a batch is folded and written in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any, Generic, TypeVar

import msgspec
import sqlalchemy as sa

from ledger.projections import fulltext
from ledger.projections.facts import View
from ledger.projections.rows import Row
from ledger.projections.tables import delete_sql, mark, table_name, table_of, upsert_sql

__all__ = ["Batch", "Draft", "DraftTable"]

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
        self._added: list[R] = []
        self._places: dict[str, dict[Any, dict[tuple[Any, ...], None]]] = {}
        self._key = key_of(row)
        self._mark = mark(connection)
        self._order = ", ".join(f'"{name}"' for name in row.KEY)
        where = " AND ".join(f'"{name}" = {self._mark}' for name in row.KEY)
        self._where_key = f"WHERE {where}"

    def get(self, *key: Any) -> R | None:
        """The row under a key."""
        if self._added:
            self._settle()
        if key in self._changes:
            return self._changes[key]
        return next(self._select(self._where_key, key), None)

    def put(self, row: R) -> None:
        """Add a row, or replace the one with its key."""
        key = self._key(row)
        self._changes[key] = row
        for column, places in self._places.items():
            places.setdefault(getattr(row, column), {})[key] = None

    def add(self, row: R) -> None:
        """The same for a row whose key the draft does not touch again; costs less."""
        self._added.append(row)

    def delete(self, *key: Any) -> None:
        """Remove the row under a key, if there is one."""
        if self._added:
            self._settle()
        self._changes[key] = None

    def matching(self, column: str, values: Collection[Any]) -> list[R]:
        """The rows whose `column` is one of `values`, by key."""
        return self._find({column: values}, None)

    def find(self, *, since: tuple[str, int] | None = None, **wanted: Collection[Any]) -> list[R]:
        """The rows of which each named column has one of the values, by key; `since` is a column with its least value."""
        return self._find(wanted, since)

    def _find(self, wanted: dict[str, Collection[Any]], since: tuple[str, int] | None) -> list[R]:
        if not all(wanted.values()):
            return []
        if self._added:
            self._settle()
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

    def rows(self) -> list[R]:
        """All rows by key."""
        if self._added:
            self._settle()
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
        """Write the changes, and hold none then."""
        removed = [key for key, row in sorted(self._changes.items()) if row is None]
        added = [msgspec.structs.astuple(row) for _, row in sorted(self._changes.items()) if row is not None]
        added += map(msgspec.structs.astuple, self._added)
        self._changes.clear()
        self._added.clear()
        self._places.clear()
        if removed:
            connection.exec_driver_sql(delete_sql(self._table, self._mark), removed)
        if added:
            connection.exec_driver_sql(upsert_sql(self._table, self._mark), added)

    def _settle(self) -> None:
        for row in self._added:
            self.put(row)
        self._added.clear()

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
    """The tables of one generation of a view, with changes over what `connection` sees."""

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


class Batch(Draft):
    """The tables of one generation during one transaction, with its full-text indexes."""

    def __init__(self, connection: sa.Connection, view: View, generation: int) -> None:
        super().__init__(connection, view, generation)
        self._connection = connection
        self._generation = generation
        self._columns = view.fulltext

    def index(self, table: str, rows: Mapping[int, Mapping[str, str] | None]) -> None:
        """Replace documents of a full-text index, by rowid; None removes one."""
        if rows:
            name = table_name(table, self._generation)
            fulltext.replace(self._connection, name, self._columns[table], rows)


def key_of(row: type[R]) -> Callable[[R], tuple[Any, ...]]:
    """What gives the key of rows of this type."""
    values = attrgetter(*row.KEY)
    return values if len(row.KEY) > 1 else lambda each: (values(each),)
