"""The live generations of the views at one instant, as tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from ledger.projections.catalogue import Pointers
from ledger.projections.facts import View
from ledger.projections.rows import Row, RunRow
from ledger.projections.tables import table_of

__all__ = ["FOREVER", "LiveTables", "in_pieces"]

R = TypeVar("R", bound=Row)
FOREVER = 2**62
_IDS = 500
"""Article ids in one query."""


class LiveTables:
    """What is read from. `text` gives the text of a stored body, empty when it is gone."""

    def __init__(
        self,
        connection: sa.Connection,
        pointers: Pointers,
        views: Collection[View],
        text: Callable[[str], str],
    ) -> None:
        self._connection = connection
        self._pointers = pointers
        self._owner = {row: view.name for view in views for row in view.tables}
        self._text = text

    def table(self, row: type[Row]) -> sa.Table:
        """The live table of a row type."""
        return table_of(row, self._pointers[self._owner[row]])

    def run(self, query: Any, **given: Any) -> Sequence[sa.Row[Any]]:
        """The answer to a query over these tables; `given` are its parameters."""
        return self._connection.execute(query, given).all()

    def rows(self, row: type[R], *where: sa.ColumnElement[bool], limit: int | None = None) -> Iterator[R]:
        """Rows of one table by key."""
        table = self.table(row)
        query = sa.select(table).where(*where).order_by(*(table.c[name] for name in row.KEY)).limit(limit)
        return (row(*found) for found in self._connection.execute(query))

    def counting(self, upto: int = FOREVER) -> sa.ColumnElement[bool]:
        """The condition that a run counts at a position."""
        c = self.table(RunRow).c
        current = (
            c.superseded.is_(None) if upto == FOREVER else sa.or_(c.superseded.is_(None), c.superseded > upto)
        )
        return sa.and_(c.status.in_(("annotated", "skipped")), c.position <= upto, current)


def in_pieces(articles: Collection[str]) -> Iterator[list[str]]:
    """Ids in order, in pieces of the size of one query."""
    ordered = sorted(articles)
    return (ordered[start : start + _IDS] for start in range(0, len(ordered), _IDS))
