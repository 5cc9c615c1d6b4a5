"""Figures as they were at a position: looked up among their versions."""

from __future__ import annotations

import functools
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
_UPTO: Any = sa.bindparam("upto")
_SLOTS: Any = sa.bindparam("slots", expanding=True)


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
    figures, versions = tables.table(FigureRow), tables.table(FigureVersionRow)
    found: dict[str, str | bytes] = {}
    for some in _pieces(slots):
        given = {} if some is None else {"slots": some}
        rows = tables.run(_current(figures, ("slot", "state"), limited=some is not None), upto=upto, **given)
        found.update(map(tuple, rows))
        if upto == FOREVER or (some is not None and found.keys() >= set(some)):
            continue
        for row in tables.run(_packed(versions, limited=some is not None), upto=upto, **given):
            slot, packed, base = tuple(row)
            found[slot] = unpack(packed, None if base is None else unpack(base))
    return found


def columns_at(tables: LiveTables, names: Sequence[str], upto: int = FOREVER) -> list[Sequence[Any]]:
    """Columns of all figures at a position, by slot, without their states."""
    wanted = (*names, "slot")
    found: list[Sequence[Any]] = list(
        tables.run(_current(tables.table(FigureRow), wanted, limited=False), upto=upto)
    )
    if upto != FOREVER:
        found += tables.run(_columns(tables.table(FigureVersionRow), wanted), upto=upto)
    return [row[:-1] for row in sorted(found, key=lambda row: row[-1])]


def _pieces(slots: Collection[str] | None) -> Iterator[list[str] | None]:
    return iter([None]) if slots is None else in_pieces(slots)


# Statements are made once for each table: making one costs more than its answer.


@functools.cache
def _current(figures: sa.Table, names: tuple[str, ...], *, limited: bool) -> Any:
    """What reads now and did at a position already."""
    query = sa.select(*(figures.c[name] for name in names)).where(figures.c.from_pos <= _UPTO)
    return query.where(figures.c.slot.in_(_SLOTS)) if limited else query


@functools.cache
def _packed(versions: sa.Table, *, limited: bool) -> Any:
    """What held at a position and holds no more: slot, packed state, packed state that it is a difference to."""
    version, held = _held(versions, limited=limited)
    whole = versions.alias("whole")
    differs = sa.and_(
        whole.c.slot == version.c.slot,
        whole.c.version == version.c.base,
        version.c.base != version.c.version,
    )
    return sa.select(version.c.slot, version.c.packed, whole.c.packed).select_from(
        held.outerjoin(whole, differs)
    )


@functools.cache
def _columns(versions: sa.Table, names: tuple[str, ...]) -> Any:
    version, held = _held(versions, limited=False)
    return sa.select(*(version.c[name] for name in names)).select_from(held)


def _held(versions: sa.Table, *, limited: bool) -> tuple[Any, Any]:
    """The versions that held at a position, found by one look-up for each slot."""
    names = _given(versions) if limited else _every_slot(versions)
    version, other = versions.alias("version"), versions.alias("other")
    newest = (
        sa.select(other.c.version)
        .where(other.c.slot == names.c.slot, other.c.to_pos > _UPTO)
        .order_by(other.c.to_pos)
        .limit(1)
        .scalar_subquery()
    )
    held = names.join(
        version,
        sa.and_(version.c.slot == names.c.slot, version.c.version == newest, version.c.from_pos <= _UPTO),
    )
    return version, held


def _given(versions: sa.Table) -> sa.FromClause:
    return sa.select(versions.c.slot).where(versions.c.slot.in_(_SLOTS)).distinct().subquery("names")


def _every_slot(versions: sa.Table) -> sa.FromClause:
    """The ids of all slots, each found by stepping over the versions of the one before."""
    first = sa.select(sa.func.min(versions.c.slot).label("slot")).cte("names", recursive=True)
    other = versions.alias("next")
    following = sa.select(sa.func.min(other.c.slot)).where(other.c.slot > first.c.slot).scalar_subquery()
    return first.union_all(sa.select(following).where(first.c.slot.is_not(None)))
