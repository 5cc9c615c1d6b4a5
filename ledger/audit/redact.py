"""Redaction: one event's content goes for good, with everything that was derived from it.

What goes: the payload of the event, the payloads of the events that it caused (annotations quote the text), the bodies that no other event needs,
and stored feed documents that carry the article. What stays: every envelope, every proof, and the event that orders the removal.
"""

from __future__ import annotations

import msgspec

from ledger.errors import NotFoundError, UsageError
from ledger.events import Producer, Redacted, StoredEvent, decode, new_event
from ledger.events.types import ArticleRevision, BodyRef, FeedFetched, PayloadRedacted
from ledger.store import Store

__all__ = ["Removed", "find_event", "redact"]


class Removed(msgspec.Struct, frozen=True, kw_only=True):
    """What a redaction removed: positions of payloads, keys of bodies, and the position of the event that orders it."""

    positions: tuple[int, ...]
    bodies: tuple[str, ...]
    order: int


def find_event(store: Store, wanted: str) -> StoredEvent:
    """The event with this id or position. Raises NotFoundError."""
    if not wanted.isdecimal() or len(wanted) == 32:
        return store.get(wanted)
    position = int(wanted)
    found = next(iter(store.read(position - 1, limit=1)), None) if position > 0 else None
    if found is None:
        raise NotFoundError(
            "No event at this position", which=wanted, fix=f"The last one is {store.head().position}"
        )
    return found


def redact(store: Store, wanted: str, *, producer: Producer, by: str, reason: str) -> Removed:
    """Remove the content of an event (id or position) as the module describes. Raises UsageError, NotFoundError, StoreError.

    An event whose redaction is ordered already gets no second order: what the first one names is removed, should that have
    been interrupted. The views still hold what they took from it until they catch up.
    """
    if not by or not reason:
        raise UsageError("A redaction needs who and why", which=wanted, fix="Give --by and --reason")
    target = find_event(store, wanted)
    if (ordered := _order_of(store, target.position)) is not None:
        order, at = ordered
        store.redact(order.positions, order.bodies)
        return Removed(positions=order.positions, bodies=order.bodies, order=at)
    event = decode(target)
    if isinstance(event, Redacted):
        raise UsageError(
            "The payload is gone, and no event orders its redaction",
            which=wanted,
            fix="Run newsledger verify",
        )
    positions = {target.position}
    mine = set(_bodies(event))
    needed: set[str] = set()
    for stored in store.read():
        if stored.position == target.position or stored.redacted:
            continue
        if target.id in stored.envelope.causes:
            positions.add(stored.position)
            continue
        other = decode(stored)
        if isinstance(event, ArticleRevision) and isinstance(other, FeedFetched):
            if other.feed == event.feed and other.body is not None and _carries(store, other.body, event):
                mine.add(other.body.key)
            continue
        needed.update(_bodies(other))
    bodies = tuple(sorted(mine - needed))
    order = PayloadRedacted(positions=tuple(sorted(positions)), bodies=bodies, by=by, reason=reason)
    appended = store.append([new_event(order, stream="ledger", producer=producer, causes=(target.id,))])
    store.redact(order.positions, bodies)
    return Removed(positions=order.positions, bodies=bodies, order=appended.positions[0])


def _order_of(store: Store, position: int) -> tuple[PayloadRedacted, int] | None:
    """The first order to remove the payload at `position`, and where it stands."""
    for stored in store.read(position, types=(PayloadRedacted.TYPE,)):
        order = decode(stored)
        if isinstance(order, PayloadRedacted) and position in order.positions:
            return order, stored.position
    return None


def _bodies(event: object) -> list[str]:
    if not isinstance(event, msgspec.Struct):
        return []
    values = (getattr(event, name) for name in event.__struct_fields__)
    return [value.key for value in values if isinstance(value, BodyRef)]


def _carries(store: Store, body: BodyRef, event: ArticleRevision) -> bool:
    document = store.get_body(body.key)
    if document is None:
        return False
    return any(mark.encode() in document for mark in (event.url, event.guid, event.canonical_url) if mark)
