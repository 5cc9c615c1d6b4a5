"""The facts: event types, envelope, codec and upcasters. No I/O, no SQL, no clock."""

from ledger.events.codec import Redacted, Unknown, decode, encode, new_event
from ledger.events.envelope import Envelope, NewEvent, PayloadRef, Producer, StoredEvent, commitment
from ledger.events.ids import derived_id
from ledger.events.types import Event

__all__ = [
    "Envelope",
    "Event",
    "NewEvent",
    "PayloadRef",
    "Producer",
    "Redacted",
    "StoredEvent",
    "Unknown",
    "commitment",
    "decode",
    "derived_id",
    "encode",
    "new_event",
]
