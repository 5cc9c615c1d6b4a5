"""Payloads and envelopes: what goes in comes out, and what is not known survives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CorruptionError, UsageError
from ledger.events import (
    NewEvent,
    Producer,
    Redacted,
    StoredEvent,
    Unknown,
    commitment,
    decode,
    encode,
    new_event,
)
from ledger.events.envelope import decode_envelope, encode_envelope
from ledger.events.types import EVENT_TYPES, ArticleAnnotated, ArticleIngested, BodyRef, FeedAdded
from ledger.events.upcast import UPCASTERS, upcaster

CORE = Producer("newsledger", "0.1.0")
AT = datetime(2031, 5, 4, 7, 0, tzinfo=UTC)


def stored(event: NewEvent, *, payload: bytes | None = None, salt: bytes = b"s" * 16) -> StoredEvent:
    raw = encode_envelope(event, event_id="0" * 32, version=1, recorded_at=AT, salt=salt)
    return StoredEvent(1, decode_envelope(raw), raw, event.payload if payload is None else payload, salt)


def article(**changes: object) -> ArticleIngested:
    fields: dict[str, object] = {
        "article": "a-1",
        "revision": 1,
        "hash": "h",
        "url": "https://a.example/1",
        "outlet": "a",
        "title": "T",
        "text": BodyRef("k", "text/plain", 3),
    }
    return ArticleIngested(**{**fields, **changes})  # type: ignore[arg-type]


def test_round_trip_keeps_every_field():
    event = article(published=AT, flags=("silent",), claimed_dates={"z": "1", "a": "2"})
    assert decode(stored(new_event(event, stream="article:a-1", producer=CORE))) == event


def test_one_instant_has_one_encoding():
    eastern = AT.astimezone(timezone(timedelta(hours=3)))
    assert encode(article(published=AT)) == encode(article(published=eastern))


def test_order_of_a_mapping_does_not_matter():
    assert encode(article(claimed_dates={"a": "1", "b": "2"})) == encode(
        article(claimed_dates={"b": "2", "a": "1"})
    )


@pytest.mark.parametrize("field", ["published", "modified", "p_time"])
def test_naive_times_are_refused(field):
    with pytest.raises(UsageError, match="without a zone"):
        encode(article(**{field: datetime(2031, 5, 4)}))  # noqa: DTZ001


def test_naive_published_at_is_refused_in_the_envelope():
    event = NewEvent(type="t", stream="s", payload=b"{}", producer=CORE, published_at=datetime(2031, 5, 4))  # noqa: DTZ001
    with pytest.raises(UsageError):
        encode_envelope(event, event_id="0" * 32, version=1, recorded_at=AT, salt=b"s" * 16)


def test_unknown_type_survives_byte_exact():
    payload = b'{"later":  [1, 2.50, "\\u00e9"]}'
    event = NewEvent(type="later.thing", schema=7, stream="s", payload=payload, producer=CORE)
    assert decode(stored(event)) == Unknown("later.thing", 7, payload)


def test_unknown_annotation_bodies_survive_byte_exact():
    body = msgspec.Raw(b'{"type":"later.kind","span":{"start":0,"end":1},"x":1.50}')
    event = ArticleAnnotated(article="a", revision=1, hash="h", processor="p", annotations=(body,))
    back = decode(stored(new_event(event, stream="annotations:a", producer=CORE)))
    assert isinstance(back, ArticleAnnotated)
    assert bytes(back.annotations[0]) == bytes(body)


def test_a_redacted_payload_is_typed():
    event = stored(new_event(article(), stream="article:a-1", producer=CORE))
    gone = msgspec.structs.replace(event, payload=None, salt=None)
    assert isinstance(decode(gone), Redacted)
    assert gone.redacted


def test_a_payload_that_does_not_fit_its_type_names_the_position():
    event = new_event(FeedAdded(feed="f", url="u", outlet="o"), stream="feed:f", producer=CORE)
    with pytest.raises(CorruptionError, match=r"position 1, feed\.added v1"):
        decode(stored(event, payload=b'{"feed": 1}'))


def test_an_unreadable_envelope_is_corruption():
    with pytest.raises(CorruptionError):
        decode_envelope(b"{")


def test_upcasters_chain_to_the_newest_schema():
    @upcaster("feed.added", -1)
    def first(body):
        return {**body, "url": body.pop("address")}

    @upcaster("feed.added", 0)
    def second(body):
        return {**body, "outlet": "unknown"}

    try:
        event = NewEvent(
            type="feed.added", schema=-1, stream="s", payload=b'{"feed":"f","address":"u"}', producer=CORE
        )
        assert decode(stored(event)) == FeedAdded(feed="f", url="u", outlet="unknown")
    finally:
        del UPCASTERS["feed.added", -1], UPCASTERS["feed.added", 0]


def test_type_names_are_dotted_and_in_the_past_tense():
    for name, schema in EVENT_TYPES:
        assert schema >= 1
        noun, _, verb = name.partition(".")
        assert noun
        assert verb.endswith(("ed", "wn", "ne"))


@given(st.binary(max_size=64), st.binary(min_size=16, max_size=16))
def test_commitment_depends_on_salt_and_payload(payload, salt):
    assert commitment(salt, payload) == commitment(salt, payload)
    assert commitment(salt, payload) != commitment(salt, payload + b"x")
    assert commitment(salt, payload) != commitment(bytes(16 * [salt[0] ^ 1]), payload)


def test_no_event_nests_an_instant_where_the_encoder_does_not_look():
    def nested(kind: object) -> bool:
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return any(
                datetime in every(field.type) or nested(field.type) for field in msgspec.structs.fields(kind)
            )
        return any(nested(one) for one in get_args(kind))

    def every(kind: object) -> set[object]:
        return {kind}.union(*(every(one) for one in get_args(kind)))

    for event in EVENT_TYPES.values():
        for field in msgspec.structs.fields(event):
            inner = [
                one for one in every(field.type) if one is not field.type and one not in get_args(field.type)
            ]
            assert datetime not in inner, (event, field.name)
            assert not nested(field.type), (event, field.name)
