"""What questions to the views give back, beside rows: frozen structs, times as they are stored (RFC 3339, UTC)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from ledger.projections.rows import ArticleRow, RevisionRow, Row

__all__ = [
    "ArticleView",
    "Decision",
    "Failure",
    "Hit",
    "Pending",
    "Standing",
    "StoredAnnotation",
    "TableDiff",
    "ViewDiff",
    "ViewInfo",
]


class ViewInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of one view.

    `state`: live (read now), building, old (kept for diff and rollback) or stopped (live or building, with an `error`).
    `lag` is the number of events that it is behind the ledger; `parked` how many it passed over.
    """

    name: str
    generation: int
    state: str
    position: int
    lag: int
    rows: int
    parked: int
    error: str
    fingerprint: str
    changed_at: str


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A table that is sealed: the position that its view stands at, the fingerprint of what made it, its rows by key.

    `types` are the events that change it. The rows are read once, and before those of the next table.
    """

    name: str
    position: int
    fingerprint: str
    types: frozenset[str]
    rows: Iterator[Row]


class TableDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Two generations of one table: rows in each, rows only in one, rows that differ; `first` are keys of a few of them."""

    table: str
    old_rows: int
    new_rows: int
    only_old: int
    only_new: int
    changed: int
    first: tuple[str, ...] = ()


class ViewDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Two generations of one view, table by table."""

    name: str
    old: int
    new: int
    tables: tuple[TableDiff, ...]

    @property
    def same(self) -> bool:
        """Whether every row is the same."""
        return not any(table.only_old or table.only_new or table.changed for table in self.tables)

    def text(self) -> str:
        """One sentence."""
        if self.same:
            return "no difference"
        return "; ".join(
            f"{table.table}: {table.only_old} only in the older, {table.only_new} only in the newer, {table.changed} changed"
            + (f" ({', '.join(table.first)})" if table.first else "")
            for table in self.tables
            if table.only_old or table.only_new or table.changed
        )


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A revision that some processors have not seen yet.

    `event` is the id of the event that recorded the revision; `attempts` counts recorded failures of each processor's present
    identity, those left out of `processors` included.
    """

    article: str
    revision: int
    event: str
    processors: tuple[str, ...]
    attempts: dict[str, int]


class ArticleView(msgspec.Struct, frozen=True, kw_only=True):
    """An article with its revisions, oldest first."""

    article: ArticleRow
    revisions: tuple[RevisionRow, ...]


class StoredAnnotation(msgspec.Struct, frozen=True, kw_only=True):
    """One annotation that counts now. `body` is its JSON, byte for byte; `position` its event."""

    processor: str
    version: str
    identity: str
    type: str
    start: int
    end: int
    body: bytes
    position: int
    ordinal: int


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A processor's failure on a revision that nothing has made good yet."""

    processor: str
    version: str
    identity: str
    article: str
    revision: int
    kind: str
    message: str
    attempt: int
    recorded_at: str


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """A reviewer's decision; `undone_at` is None while it is in force."""

    id: str
    at: datetime
    action: str
    target: dict[str, str]
    by: str
    reason: str
    undone_at: datetime | None = None
    undone_by: str = ""
    undone_reason: str = ""


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """An article that a search found. In `snippet` the found words stand between U+0002 and U+0003."""

    article: str
    revision: int
    outlet: str
    title: str
    url: str
    p_time: str
    snippet: str
    rank: float
