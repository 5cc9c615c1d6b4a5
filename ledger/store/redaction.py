"""What may be removed: only what a `payload.redacted` event in the log names. Shared by every backend."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from ledger.errors import StoreError, UsageError
from ledger.events.codec import decode
from ledger.events.envelope import StoredEvent
from ledger.events.types import PayloadRedacted

__all__ = ["Removal", "allowed"]


class Removal(msgspec.Struct, frozen=True):
    """What to remove, each with the position of the event that orders it."""

    positions: dict[int, int]
    bodies: dict[str, int]


def allowed(positions: Collection[int], bodies: Collection[str], orders: Iterable[StoredEvent]) -> Removal:
    """The removal of `positions` and `bodies` under `orders`, the log's `payload.redacted` events by position.

    Raises StoreError when one is not named by an event after it, UsageError for a payload of such an event itself: the
    order of a removal is what remains of it.
    """
    named_positions: dict[int, int] = {}
    named_bodies: dict[str, int] = {}
    order_positions: set[int] = set()
    for event in orders:
        order_positions.add(event.position)
        order = decode(event)
        if isinstance(order, PayloadRedacted):
            for position in order.positions:
                if 0 < position < event.position:
                    named_positions.setdefault(position, event.position)
            for key in order.bodies:
                named_bodies.setdefault(key, event.position)
    if kept := sorted(order_positions & set(positions)):
        raise UsageError("The order of a redaction cannot be redacted", which=f"position {kept[0]}")
    missing = [f"position {position}" for position in sorted(set(positions) - set(named_positions))]
    missing += [f"body {key}" for key in sorted(set(bodies) - set(named_bodies))]
    if missing:
        raise StoreError(
            "No event orders this redaction",
            which=", ".join(missing[:5]),
            fix="Append a payload.redacted event that names it first",
        )
    return Removal(
        {position: named_positions[position] for position in positions},
        {key: named_bodies[key] for key in bodies},
    )
