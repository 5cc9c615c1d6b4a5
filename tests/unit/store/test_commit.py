from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.events import NewEvent, Producer
from ledger.events.envelope import decode_envelope, encode_envelope
from ledger.store.commit import End, from_us, plan, prepare, to_us
from ledger.store.tlog import Frontier

NOW = datetime(2031, 5, 4, 7, tzinfo=UTC)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20)
ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
new_events = st.builds(
    NewEvent,
    type=names,
    stream=names,
    payload=st.binary(max_size=50),
    producer=st.builds(Producer, texts, texts, texts),
    schema=st.integers(1, 9),
    id=st.one_of(st.just(""), ids),
    media_type=texts,
    published_at=st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))),
    causes=st.lists(ids, max_size=3).map(tuple),
)


@given(
    new_events,
    st.integers(0, 10**6),
    st.integers(1, 7 * 10**15).map(from_us),
)
def test_an_envelope_made_in_parts_is_the_one_encoded_at_once(new, version, now):
    prepared = prepare([new], entropy=random.Random(1).randbytes, now=now)
    decided = plan(
        prepared, recorded={}, versions={new.stream: version}, expected={}, end=End(Frontier(), 0), now=now
    )
    (row,) = decided.rows
    whole = encode_envelope(
        new, event_id=decided.appended.ids[0], version=version + 1, recorded_at=now, salt=prepared[0].salt
    )
    assert row.envelope == whole
    assert decode_envelope(row.envelope).id == decided.appended.ids[0]


@given(st.datetimes(timezones=st.just(UTC)))
def test_microseconds_are_exact(instant):
    assert from_us(to_us(instant)) == instant


def test_given_ids_sort_by_time_and_order():
    new = NewEvent(type="t", stream="s", payload=b"", producer=Producer("core", "1"))
    chance = random.Random(1).randbytes
    ids = [item.id for item in prepare([new] * 70_000, entropy=chance, now=NOW)]
    ids += [item.id for item in prepare([new] * 2, entropy=chance, now=NOW + timedelta(milliseconds=1))]
    assert ids == sorted(set(ids))


def test_a_text_that_looks_like_the_gap_does_no_harm():
    odd = '","version":0,"recorded_at":"","'
    new = NewEvent(type=odd, stream=odd, payload=b"", producer=Producer(odd, odd))
    prepared = prepare([new], entropy=random.Random(1).randbytes, now=NOW)
    decided = plan(prepared, recorded={}, versions={odd: 4}, expected={}, end=End(Frontier(), 0), now=NOW)
    envelope = decode_envelope(decided.rows[0].envelope)
    assert (envelope.type, envelope.stream, envelope.version, envelope.producer.name) == (odd, odd, 5, odd)
