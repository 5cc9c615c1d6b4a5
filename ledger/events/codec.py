"""Payload bytes to typed events and back.

Encoding is JSON in the declared field order, UTF-8, no blanks: equal events have equal bytes on every machine. Naive
datetimes are refused. An unknown type or a newer schema decodes to `Unknown` with its bytes kept; a redacted payload to
`Redacted`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from typing import get_args

import msgspec

from ledger.clock import parse_time
from ledger.errors import CorruptionError
from ledger.events.envelope import Envelope, NewEvent, Producer, StoredEvent
from ledger.events.types import EVENT_TYPES, Event
from ledger.events.upcast import UPCASTERS, upcast

__all__ = ["Redacted", "Unknown", "decode", "encode", "new_event"]


class Unknown(msgspec.Struct, frozen=True):
    """An event whose type or schema version this release does not know; `payload` is untouched."""

    type: str
    schema: int
    payload: bytes


class Redacted(msgspec.Struct, frozen=True):
    """An event whose payload was removed; the envelope still says when, what kind and by whom."""

    envelope: Envelope


@functools.cache
def _instants(event: type[Event]) -> tuple[str, ...]:
    """The fields of an event type that hold instants; no event nests one deeper, as a test asserts."""
    return tuple(
        field.name
        for field in msgspec.structs.fields(event)
        if datetime in (field.type, *get_args(field.type))
    )


_ENCODER = msgspec.json.Encoder(order="deterministic")


def encode(event: Event) -> bytes:
    """The payload bytes of `event`; instants in UTC, mappings by key. Raises UsageError for a naive datetime."""
    given = ((name, getattr(event, name)) for name in _instants(type(event)))
    utc = {name: parse_time(value) for name, value in given if value is not None}
    return _ENCODER.encode(msgspec.structs.replace(event, **utc) if utc else event)


class _Decoders(dict[str, Callable[[bytes], Event] | None]):
    """How to decode a payload of one schema by its type, made when first needed; None for what is not an event of this release."""

    def __init__(self, schema: int) -> None:
        super().__init__()
        self._schema = schema

    def __missing__(self, name: str) -> Callable[[bytes], Event] | None:
        known = EVENT_TYPES.get((name, self._schema))
        if known is None:
            return None
        found = self[name] = msgspec.json.Decoder(known).decode
        return found


class _Schemas(dict[int, _Decoders]):
    """The decoders by schema: two look-ups without a key to be made for each event."""

    def __missing__(self, schema: int) -> _Decoders:
        found = _Decoders(schema)
        if any(known == schema for _, known in EVENT_TYPES):
            self[schema] = found
        return found


_DECODERS = _Schemas()


def decode(stored: StoredEvent) -> Event | Unknown | Redacted:
    """The typed event. Raises CorruptionError when a known type does not fit its own bytes."""
    payload, envelope = stored.payload, stored.envelope
    if payload is None:
        return Redacted(envelope)
    known = _DECODERS[envelope.schema][envelope.type]
    try:
        return _older(envelope, payload) if known is None else known(payload)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise CorruptionError(
            "A payload does not fit its type",
            which=f"position {stored.position}, {envelope.type} v{envelope.schema}",
            fix=str(error),
        ) from error


def _older(envelope: Envelope, payload: bytes) -> Event | Unknown:
    """An event of an older schema brought up to date, or one that this release does not know."""
    name, schema = envelope.type, envelope.schema
    if (name, schema) not in UPCASTERS:
        return Unknown(name, schema, payload)
    reached, body = upcast(name, schema, msgspec.json.decode(payload))
    newest = EVENT_TYPES.get((name, reached))
    if newest is None:
        return Unknown(name, schema, payload)
    return msgspec.convert(body, newest, strict=False)


def new_event(
    event: Event,
    *,
    stream: str,
    producer: Producer,
    event_id: str = "",
    published_at: datetime | None = None,
    causes: tuple[str, ...] = (),
) -> NewEvent:
    """Wrap a typed event for the store."""
    return NewEvent(
        type=event.TYPE,
        schema=event.SCHEMA,
        stream=stream,
        payload=encode(event),
        producer=producer,
        id=event_id,
        published_at=published_at,
        causes=causes,
    )
