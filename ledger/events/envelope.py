"""The envelope of an event: the small, immutable record that the Merkle tree commits to.

An envelope is encoded once, when it is appended, and from then on only its stored bytes count: they are hashed, copied
and exported verbatim and never re-encoded. It holds a salted commitment to the payload rather than the payload, so that
a redaction can remove bytes without breaking a proof. It holds no position: the tree commits to the order.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from ledger.clock import format_time, parse_time
from ledger.errors import CorruptionError

__all__ = [
    "ENVELOPE_VERSION",
    "SALT_BYTES",
    "Envelope",
    "NewEvent",
    "PayloadRef",
    "Producer",
    "StoredEvent",
    "commitment",
    "decode_envelope",
    "decode_stored",
    "encode_envelope",
]

ENVELOPE_VERSION = 1
SALT_BYTES = 16


class Producer(msgspec.Struct, frozen=True, gc=False):
    """Who made an event: the core or a processor. `identity` is the hex digest of its manifest, empty for the core."""

    name: str
    version: str
    identity: str = ""


class PayloadRef(msgspec.Struct, frozen=True, gc=False):
    """What an envelope says of its payload: hex SHA-256 of salt and bytes, media type, size in bytes."""

    commitment: str
    media_type: str
    size: int


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """The envelope as stored. Times are RFC 3339 texts in UTC; `causes` are event ids; `version` starts at 1."""

    v: int
    id: str
    type: str
    schema: int
    stream: str
    version: int
    recorded_at: str
    published_at: str | None
    causes: tuple[str, ...]
    producer: Producer
    payload: PayloadRef


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event that is about to be appended.

    `id` is 32 lower-case hex digits; left empty, the store gives a time-ordered one. A deterministic id makes a repeated
    append a no-op. `payload` is the exact bytes to keep. `published_at` is what the publisher declares, if anything.
    """

    type: str
    stream: str
    payload: bytes
    producer: Producer
    schema: int = 1
    id: str = ""
    media_type: str = "application/json"
    published_at: datetime | None = None
    causes: tuple[str, ...] = ()


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """An event as read back. `payload` is None after a redaction; `raw` is the envelope's stored bytes."""

    position: int
    envelope: Envelope
    raw: bytes
    payload: bytes | None
    salt: bytes | None = None

    @property
    def id(self) -> str:
        """The event id, 32 hex digits."""
        return self.envelope.id

    @property
    def type(self) -> str:
        """The dotted type name, such as `article.ingested`."""
        return self.envelope.type

    @property
    def stream(self) -> str:
        """The stream that the event belongs to, such as `article:a-0123`."""
        return self.envelope.stream

    @property
    def recorded_at(self) -> datetime:
        """When this ledger appended the event."""
        return parse_time(self.envelope.recorded_at)

    @property
    def redacted(self) -> bool:
        """Whether the payload was removed by a redaction."""
        return self.payload is None


def commitment(salt: bytes, payload: bytes) -> str:
    """Hex SHA-256 over `salt` followed by `payload`."""
    return hashlib.sha256(salt + payload).hexdigest()


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(Envelope)


def encode_envelope(
    new: NewEvent, *, event_id: str, version: int, recorded_at: datetime, salt: bytes
) -> bytes:
    """The bytes to store for `new`: JSON in the field order of Envelope, UTF-8, no blanks."""
    published = format_time(new.published_at) if new.published_at is not None else None
    return _ENCODER.encode(
        Envelope(
            v=ENVELOPE_VERSION,
            id=event_id,
            type=new.type,
            schema=new.schema,
            stream=new.stream,
            version=version,
            recorded_at=format_time(recorded_at),
            published_at=published,
            causes=new.causes,
            producer=new.producer,
            payload=PayloadRef(commitment(salt, new.payload), new.media_type, len(new.payload)),
        )
    )


decode_stored = _DECODER.decode
"""As `decode_envelope`, for the many: raises what msgspec raises."""


def decode_envelope(raw: bytes) -> Envelope:
    """Read stored bytes. Fields that a later release added are ignored. Raises CorruptionError when unreadable."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        shown: Any = raw[:80]
        raise CorruptionError("An envelope cannot be read", which=repr(shown), fix=str(error)) from error
