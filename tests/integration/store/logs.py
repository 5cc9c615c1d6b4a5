"""Logs to try things on: filled, redacted, tampered with."""

from __future__ import annotations

import sqlite3

from ledger.events import NewEvent, Producer, new_event
from ledger.events.types import PayloadRedacted

__all__ = ["CORE", "event", "fill", "redact", "tamper"]

CORE = Producer("core", "1")


def event(payload="{}", stream="article:a-1", **more):
    return NewEvent(type="note.made", stream=stream, payload=payload.encode(), producer=CORE, **more)


def fill(store, count=12):
    for n in range(count):
        store.append([event(f"payload {n}", stream=f"s:{n % 3}")])
    store.put_bodies([(b"some text " * 50, "text/plain"), (b"other", "text/plain")])


def tamper(path, *statements):
    """Write past the triggers, as somebody with the file in hand can."""
    connection = sqlite3.connect(path, isolation_level=None)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.close()


def redact(store, positions=(), bodies=()):
    order = PayloadRedacted(positions=tuple(positions), bodies=tuple(bodies), by="desk", reason="order")
    store.append([new_event(order, stream="ledger", producer=CORE)])
    store.redact(order.positions, order.bodies)
