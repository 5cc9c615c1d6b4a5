"""Figures as they were at a position: looked up among their versions."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from ledger.projections.live import FOREVER, LiveTables, in_pieces
from ledger.projections.packing import unpack
from ledger.projections.rows import FigureRow, FigureVersionRow
from ledger.state import SlotState

__all__ = ["columns_at", "states_at", "texts_at"]

_SLOT = msgspec.json.Decoder(SlotState)


def states_at(
    tables: LiveTables, upto: int = FOREVER, slots: Collection[str] | None = None
) -> list[SlotState]:
    """The slots that were reported on at a position, by id; of `slots` only, where these are given."""
    found = texts_at(tables, upto, slots)
    return [_SLOT.decode(found[slot]) for slot in sorted(found)]


def texts_at(
    tables: LiveTables, upto: int = FOREVER, slots: Collection[str] | None = None
) -> dict[str, str | bytes]:
    """The same as JSON, by slot."""
    figures = tables.table(FigureRow).c
    found: dict[str, str | bytes] = {}
    for some in _pieces(slots):
        query: Any = sa.select(figures.slot, figures.state).where(figures.from_pos <= upto)
        if some is not None:
            query = query.where(figures.slot.in_(some))
        found.update(map(tuple, tables.run(query)))
        if upto == FOREVER:
            continue
        version, held = _held(tables, upto, some)
        whole = tables.table(FigureVersionRow).alias("whole")
        query = sa.select(version.c.slot, version.c.packed, whole.c.packed).select_from(
            held.outerjoin(
                whole,
                sa.and_(
                    whole.c.slot == version.c.slot,
                    whole.c.version == version.c.base,
                    version.c.base != version.c.version,
                ),
            )
        )
        for row in tables.run(query):
            slot, packed, base = tuple(row)
            found[slot] = unpack(packed, None if base is None else unpack(base))
    return found


def columns_at(tables: LiveTables, names: Sequence[str], upto: int = FOREVER) -> list[Sequence[Any]]:
    """Columns of all figures at a position, by slot, without their states."""
    figures = tables.table(FigureRow).c
    query = sa.select(*(figures[name] for name in names)).where(figures.from_pos <= upto)
    found: list[Sequence[Any]] = list(tables.run(query.add_columns(figures.slot)))
    if upto != FOREVER:
        version, held = _held(tables, upto, None)
        columns = (version.c[name] for name in (*names, "slot"))
        found += tables.run(sa.select(*columns).select_from(held))
    return [row[:-1] for row in sorted(found, key=lambda row: row[-1])]


def _pieces(slots: Collection[str] | None) -> Iterator[list[str] | None]:
    return iter([None]) if slots is None else in_pieces(slots)


def _held(tables: LiveTables, upto: int, slots: list[str] | None) -> tuple[Any, Any]:
    """The versions that held at a position, found by one look-up for each slot."""
    versions = tables.table(FigureVersionRow)
    names = _given(versions, slots) if slots is not None else _every_slot(versions)
    version, other = versions.alias("version"), versions.alias("other")
    newest = (
        sa.select(other.c.version)
        .where(other.c.slot == names.c.slot, other.c.to_pos > upto)
        .order_by(other.c.to_pos)
        .limit(1)
        .scalar_subquery()
    )
    held = names.join(
        version,
        sa.and_(version.c.slot == names.c.slot, version.c.version == newest, version.c.from_pos <= upto),
    )
    return version, held


def _given(versions: sa.Table, slots: list[str]) -> sa.FromClause:
    return sa.select(versions.c.slot).where(versions.c.slot.in_(slots)).distinct().subquery("names")


def _every_slot(versions: sa.Table) -> sa.FromClause:
    """The ids of all slots, each found by stepping over the versions of the one before."""
    first = sa.select(sa.func.min(versions.c.slot).label("slot")).cte("names", recursive=True)
    other = versions.alias("next")
    following = sa.select(sa.func.min(other.c.slot)).where(other.c.slot > first.c.slot).scalar_subquery()
    return first.union_all(sa.select(following).where(first.c.slot.is_not(None)))
