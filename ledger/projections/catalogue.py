"""Which generations of which views exist, how far each is, and which one is read.

Every change of a generation's row raises its `fence`. A projector moves a checkpoint only when position and fence are
those that it began with: whoever was overtaken, by another projector or by an operator, commits nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

__all__ = [
    "METADATA",
    "Generation",
    "Parked",
    "Pointers",
    "add",
    "advance",
    "forget",
    "generations",
    "handled",
    "park",
    "parked",
    "point",
    "pointers",
    "scrubbed",
    "set_handled",
    "set_scrubbed",
    "stamp",
]

METADATA = sa.MetaData()

PROJECTION = sa.Table(
    "projection",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("redactions", sa.BigInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("root", sa.Text, nullable=False),
    sa.Column("indexed", sa.Integer, nullable=False),
    sa.Column("fence", sa.BigInteger, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
    sa.Column("tables", sa.Text, nullable=False),
    sa.Column("changed_at", sa.Text, nullable=False),
)
POINTER = sa.Table(
    "pointer",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, nullable=False),
)
PARK = sa.Table(
    "park",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("error", sa.Text, nullable=False),
)
HANDLED = sa.Table(
    "handled",
    METADATA,
    sa.Column("processors", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
)
SCRUBBED = sa.Table("scrubbed", METADATA, sa.Column("upto", sa.BigInteger, nullable=False))

Pointers = dict[str, int]


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """One generation of a view. `state`: live, building or old. `root` is that of the ledger at `position`."""

    name: str
    generation: int
    state: str
    fingerprint: str
    redactions: int
    position: int
    root: str
    indexed: int
    fence: int
    error: str
    tables: str
    changed_at: str


class Parked(msgspec.Struct, frozen=True, kw_only=True):
    """An event that a view passed over because it could not fold it."""

    name: str
    generation: int
    position: int
    type: str
    error: str


def generations(connection: sa.Connection) -> list[Generation]:
    """All generations of all views, by name and number."""
    rows = connection.execute(sa.select(PROJECTION).order_by(PROJECTION.c.name, PROJECTION.c.generation))
    return [Generation(**row) for row in rows.mappings()]


def pointers(connection: sa.Connection) -> Pointers:
    """Which generation of each view is read."""
    return {row.name: row.generation for row in connection.execute(sa.select(POINTER))}


def add(connection: sa.Connection, generation: Generation) -> None:
    """Note a new generation."""
    connection.execute(PROJECTION.insert().values(msgspec.structs.asdict(generation)))


def advance(connection: sa.Connection, before: Generation, after: Generation) -> bool:
    """Move a checkpoint by compare-and-set; False when the generation is no longer as it was `before`."""
    return stamp(connection, before, **_checkpoint(after))


def _checkpoint(after: Generation) -> dict[str, Any]:
    names = ("position", "root", "error", "changed_at")
    return {name: getattr(after, name) for name in names}


def stamp(connection: sa.Connection, before: Generation, **values: Any) -> bool:
    """Change columns of a generation's row by compare-and-set."""
    c = PROJECTION.c
    changed = connection.execute(
        PROJECTION.update()
        .where(
            c.name == before.name,
            c.generation == before.generation,
            c.position == before.position,
            c.fence == before.fence,
        )
        .values(fence=before.fence + 1, **values)
    )
    return changed.rowcount == 1


def point(connection: sa.Connection, name: str, generation: int) -> None:
    """Let readers of a view see another generation from the end of this transaction on."""
    changed = connection.execute(POINTER.update().where(POINTER.c.name == name).values(generation=generation))
    if not changed.rowcount:
        connection.execute(POINTER.insert().values(name=name, generation=generation))


def forget(connection: sa.Connection, generation: Generation) -> None:
    """Drop a generation's row and what it parked."""
    for table in (PROJECTION, PARK):
        connection.execute(
            table.delete().where(table.c.name == generation.name, table.c.generation == generation.generation)
        )


def park(connection: sa.Connection, entries: Sequence[Parked]) -> None:
    """Note events that were passed over."""
    if entries:
        connection.execute(PARK.insert(), [msgspec.structs.asdict(entry) for entry in entries])


def parked(connection: sa.Connection) -> list[Parked]:
    """All events that were passed over, by view and position."""
    rows = connection.execute(sa.select(PARK).order_by(PARK.c.name, PARK.c.generation, PARK.c.position))
    return [Parked(**row) for row in rows.mappings()]


def scrubbed(connection: sa.Connection) -> int:
    """Up to which redaction the file was rewritten without free pages."""
    return int(connection.execute(sa.select(sa.func.max(SCRUBBED.c.upto))).scalar() or 0)


def set_scrubbed(connection: sa.Connection, upto: int) -> None:
    """Note that the file holds nothing of what was redacted up to this position."""
    connection.execute(SCRUBBED.delete())
    connection.execute(SCRUBBED.insert().values(upto=upto))


def handled(connection: sa.Connection, processors: str) -> int:
    """Up to which position every revision has an outcome of these processors."""
    c = HANDLED.c
    return int(connection.execute(sa.select(c.position).where(c.processors == processors)).scalar() or 0)


def set_handled(connection: sa.Connection, processors: str, position: int) -> None:
    """Note that every revision up to a position has an outcome of these processors; forgets other sets of processors."""
    connection.execute(HANDLED.delete())
    connection.execute(HANDLED.insert().values(processors=processors, position=position))
