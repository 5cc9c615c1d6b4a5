from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from ledger.errors import ConflictError, DuplicateEventError, LedgerError, NotFoundError, UsageError
from ledger.events import NewEvent, Producer, commitment
from ledger.events.envelope import decode_envelope
from ledger.store import ANY
from ledger.store.tlog import EMPTY_ROOT, Frontier, leaf_hash

CORE = Producer("core", "1")


def event(payload="{}", *, stream="article:a-1", **more):
    kind = more.pop("type", "article.ingested")
    return NewEvent(type=kind, stream=stream, payload=payload.encode(), producer=CORE, **more)


def number(n):
    return f"{n:032x}"


def root_of(store):
    return Frontier().extend(leaf_hash(stored.raw) for stored in store.read()).root().hex()


def test_an_empty_log_has_the_empty_root_and_no_time(store):
    head = store.head()
    assert (head.position, head.root, head.recorded_at) == (0, EMPTY_ROOT.hex(), None)
    assert len(head.ledger) == 32
    assert list(store.read()) == []
    assert store.last("article:a-1") is None
    assert store.stream_version("article:a-1") == 0


def test_what_is_appended_is_read_back_exactly(store):
    published = datetime(2031, 5, 4, 9, 30, tzinfo=timezone(timedelta(hours=3)))
    given = NewEvent(
        type="article.annotated",
        stream="annotations:ä “q” \U0001f600",
        payload=b'{"a":"\xc3\xa9\\u0000"}\x00\xff',
        producer=Producer("numbers", "2.1", "ab" * 32),
        schema=3,
        id=number(5),
        media_type="application/octet-stream",
        published_at=published,
        causes=(number(1), number(2)),
    )
    done = store.append([given])
    assert (done.positions, done.ids, done.new) == ((1,), (number(5),), 1)
    (stored,) = store.read()
    envelope = stored.envelope
    assert (envelope.v, envelope.id, envelope.type, envelope.schema) == (1, given.id, given.type, 3)
    assert (envelope.stream, envelope.version, envelope.causes) == (given.stream, 1, given.causes)
    assert envelope.producer == given.producer
    assert envelope.recorded_at == "2031-05-04T07:00:00Z"
    assert envelope.published_at == "2031-05-04T06:30:00Z"
    assert (envelope.payload.media_type, envelope.payload.size) == (given.media_type, len(given.payload))
    assert stored.payload == given.payload
    assert envelope.payload.commitment == commitment(stored.salt, stored.payload)
    assert decode_envelope(stored.raw) == envelope
    assert store.get(given.id) == stored


def test_positions_are_gapless_and_versions_count_per_stream(store):
    first = store.append([event(stream="s:1"), event(stream="s:2"), event(stream="s:1")])
    second = store.append([event(stream="s:2")])
    assert first.positions + second.positions == (1, 2, 3, 4)
    assert [(e.stream, e.envelope.version) for e in store.read()] == [
        ("s:1", 1),
        ("s:2", 1),
        ("s:1", 2),
        ("s:2", 2),
    ]
    assert store.stream_version("s:1") == 2


def test_known_and_new_types_and_producers_mix(store):
    other = Producer("numbers", "2")
    store.append([event(type="known")])
    store.append([event(type="known"), event(type="new")])
    mixed = [
        NewEvent(type=f"t{n}", stream="s", payload=b"", producer=p) for n in range(3) for p in (CORE, other)
    ]
    store.append([event(type="known"), event(type="new"), *mixed, event(type="newest")])
    assert [e.type for e in store.read(types=["known", "new", "newest"])] == [
        *("known", "known", "new", "known", "new", "newest")
    ]
    assert {e.envelope.producer for e in store.read()} == {CORE, other}


def test_given_ids_are_unique_and_in_time_order(store, clock):
    ids = list(store.append([event() for _ in range(300)]).ids)
    clock.advance(1)
    ids += store.append([event()]).ids
    assert ids == sorted(set(ids))
    assert all(len(i) == 32 for i in ids)


def test_equal_payloads_have_unequal_commitments(store):
    store.append([event("same"), event("same")])
    one, two = store.read()
    assert one.envelope.payload.commitment != two.envelope.payload.commitment


def test_the_root_is_the_tree_hash_of_the_stored_envelopes(store):
    for count in (1, 2, 5, 1, 8, 3):
        store.append([event(str(count)) for _ in range(count)])
        assert store.head().root == root_of(store)
    assert list(store.leaf_hashes(2, 5)) == [leaf_hash(e.raw) for e in store.read(2, upto=5)]
    assert list(store.leaf_hashes(3, 3)) == []
    with pytest.raises(UsageError):
        list(store.leaf_hashes(0, 21))


class TestRepeating:
    def test_the_same_event_again_is_a_no_op(self, store, clock):
        store.append([event("x")])
        first = store.append([event("a", id=number(1)), event("b", id=number(2))])
        before = store.head()
        clock.advance(60)
        again = store.append([event("b", id=number(2)), event("a", id=number(1))])
        assert first.positions == (2, 3)
        assert (again.positions, again.ids, again.new) == ((3, 2), (number(2), number(1)), 0)
        assert store.head() == before

    def test_new_and_recorded_events_mix(self, store):
        store.append([event("a", id=number(1))])
        mixed = store.append([event("c", id=number(3)), event("a", id=number(1)), event("d")])
        assert (mixed.positions, mixed.new) == ((2, 1, 3), 2)

    def test_twice_in_one_append_is_once(self, store):
        done = store.append([event("a", id=number(1)), event("a", id=number(1)), event("b")])
        assert (done.positions, done.new) == ((1, 1, 2), 2)
        with pytest.raises(DuplicateEventError):
            store.append([event("c", id=number(2)), event("d", id=number(2))])
        assert store.head().position == 2

    @pytest.mark.parametrize(
        "other",
        [
            {"payload": "b"},
            {"payload": "longer"},
            {"stream": "article:a-2"},
            {"type": "article.revised"},
            {"schema": 2},
            {"causes": (number(9),)},
            {"media_type": "text/plain"},
            {"published_at": datetime(2031, 5, 4, tzinfo=UTC)},
        ],
        ids=lambda other: next(iter(other)),
    )
    def test_the_same_id_with_other_content_is_refused(self, store, other):
        store.append([event("a", id=number(1))])
        changed = {"payload": "a", **other}
        with pytest.raises(DuplicateEventError, match=number(1)):
            store.append([event("new", id=number(2)), event(changed.pop("payload"), id=number(1), **changed)])
        assert store.head().position == 1

    def test_another_producer_is_other_content(self, store):
        given = event("a", id=number(1))
        store.append([given])
        other = NewEvent(
            type=given.type, stream=given.stream, payload=b"a", producer=Producer("core", "2"), id=given.id
        )
        with pytest.raises(DuplicateEventError):
            store.append([other])

    def test_the_same_instant_in_another_zone_is_the_same_content(self, store):
        utc = datetime(2031, 5, 4, 6, tzinfo=UTC)
        store.append([event("a", id=number(1), published_at=utc)])
        local = utc.astimezone(timezone(timedelta(hours=5)))
        assert store.append([event("a", id=number(1), published_at=local)]).new == 0

    def test_a_repeated_append_is_no_conflict(self, store):
        batch = [event("a", id=number(1)), event("b", id=number(2))]
        store.append(batch, {"article:a-1": 0})
        assert store.append(batch, {"article:a-1": 0}).new == 0
        assert store.append([*batch, event("x", stream="s:2")], {"article:a-1": 0, "s:2": 0}).new == 1


class TestExpected:
    def test_the_version_found_must_be_the_one_expected(self, store):
        store.append([event(), event()], {"article:a-1": 0})
        store.append([event()], {"article:a-1": 2})
        store.append([event()], {"article:a-1": ANY, "other": 0})
        for wrong in (0, 3, 5):
            with pytest.raises(ConflictError, match="article:a-1"):
                store.append([event(stream="s:9"), event()], {"article:a-1": wrong})
        assert store.head().position == 4
        assert store.stream_version("s:9") == 0

    def test_a_stream_that_is_only_watched_counts_too(self, store):
        store.append([event(stream="registry")])
        with pytest.raises(ConflictError):
            store.append([event()], {"registry": 0})
        store.append([event()], {"registry": 1})

    def test_one_recorded_event_does_not_hide_a_conflict(self, store):
        store.append([event("a", id=number(1))])
        with pytest.raises(ConflictError):
            store.append([event("a", id=number(1)), event("b")], {"article:a-1": 0})

    def test_without_events_it_is_checked_as_well(self, store):
        with pytest.raises(ConflictError):
            store.append([], {"registry": 1}, keys={"k": "v"})
        assert store.lookup(["k"]) == {}
        assert store.append([], {"registry": 0}, keys={"k": "v"}).positions == ()

    def test_nonsense_is_refused(self, store):
        with pytest.raises(UsageError):
            store.append([event()], {"article:a-1": -2})


class TestTime:
    def test_recorded_time_never_decreases(self, store, clock):
        store.append([event()])
        clock.set("2031-05-04T06:00:00Z")
        store.append([event()])
        clock.set("2031-05-04T08:00:00.000001Z")
        store.append([event()])
        assert [e.envelope.recorded_at for e in store.read()] == [
            "2031-05-04T07:00:00Z",
            "2031-05-04T07:00:00Z",
            "2031-05-04T08:00:00.000001Z",
        ]
        assert store.head().recorded_at == datetime(2031, 5, 4, 8, 0, 0, 1, tzinfo=UTC)

    def test_position_at_finds_the_last_one_recorded_by_then(self, store, clock):
        for minute in range(7):
            clock.set(f"2031-05-04T07:0{minute}:00Z")
            store.append([event(), event()])
        at = [
            store.position_at(datetime(2031, 5, 4, 7, m, s, tzinfo=UTC))
            for m, s in ((0, 0), (0, 1), (3, 0), (6, 0), (9, 0))
        ]
        assert at == [2, 2, 8, 14, 14]
        assert store.position_at(datetime(2031, 5, 4, 6, 59, 59, 999999, tzinfo=UTC)) == 0

    def test_a_naive_time_is_refused(self, store):
        with pytest.raises(UsageError):
            store.append([event(published_at=datetime(2031, 5, 4))])  # noqa: DTZ001
        with pytest.raises(UsageError):
            store.position_at(datetime(2031, 5, 4))  # noqa: DTZ001


class TestReading:
    @pytest.fixture(autouse=True)
    def _filled(self, store):
        store.append(
            [event(str(n), stream=f"s:{n % 3}", type="odd" if n % 2 else "even") for n in range(1, 31)]
        )

    def test_bounds(self, store):
        assert [e.position for e in store.read(27)] == [28, 29, 30]
        assert [e.position for e in store.read(5, limit=2)] == [6, 7]
        assert [e.position for e in store.read(5, upto=8)] == [6, 7, 8]
        assert [e.position for e in store.read(5, upto=8, limit=1)] == [6]
        assert list(store.read(30)) == list(store.read(99)) == list(store.read(limit=0)) == []
        assert list(store.read(9, upto=3)) == []

    def test_filters(self, store):
        assert [e.position for e in store.read(10, types=["odd"], limit=3)] == [11, 13, 15]
        assert [e.position for e in store.read(types={"odd", "even", "unknown"})] == list(range(1, 31))
        assert list(store.read(types=["unknown"])) == list(store.read(types=[])) == []
        assert [e.position for e in store.read(3, stream="s:1", upto=12)] == [4, 7, 10]
        assert [e.position for e in store.read(stream="s:1", types=["odd"], limit=2)] == [1, 7]
        assert list(store.read(stream="s:99")) == []

    def test_last(self, store):
        assert store.last("s:0").position == 30
        assert store.last("s:0", ["odd"]).position == 27
        assert store.last("s:0", ["odd", "even"]).position == 30
        assert store.last("s:0", ["unknown"]) is None
        assert store.last("s:0", []) is None

    def test_a_read_ends_where_the_log_ended_when_it_began(self, store):
        seen = []
        for e in store.read():
            seen.append(e.position)
            store.append([event()])
        assert seen == list(range(1, 31))
        assert store.head().position == 60

    def test_a_negative_bound_is_refused_at_once(self, store):
        with pytest.raises(UsageError):
            store.read(-1)
        with pytest.raises(UsageError):
            store.read(limit=-1)

    @pytest.mark.parametrize("unknown", [number(7), "", "zz", number(7).upper(), "é" * 32])
    def test_an_unknown_id_is_not_found(self, store, unknown):
        with pytest.raises(NotFoundError):
            store.get(unknown)


@pytest.mark.parametrize(
    "bad",
    [
        {"id": "12"},
        {"id": "A" * 32},
        {"id": "0 " * 16},
        {"causes": ("x",)},
        {"stream": ""},
        {"stream": "a\nb"},
        {"type": ""},
        {"type": "a\x00b"},
        {"schema": 0},
        {"media_type": "\ud800"},
        {"stream": "\ud800"},
    ],
    ids=repr,
)
def test_an_unusable_event_is_refused_and_nothing_is_written(store, bad):
    with pytest.raises(UsageError):
        store.append([event(), event(**bad)], keys={"k": "v"})
    assert store.head().position == 0
    assert store.lookup(["k"]) == {}


def test_a_failed_append_leaves_no_hole(store):
    store.append([event(stream="s:1")])
    for _ in range(3):
        with pytest.raises(ConflictError):
            store.append([event(stream="fresh"), event(stream="s:1")], {"s:1": 7})
    assert store.append([event(stream="fresh")], {"fresh": 0}).positions == (2,)
    assert [e.position for e in store.read()] == [1, 2]
    assert store.head().root == root_of(store)


def test_many_threads_lose_and_double_nothing(store):
    failures = []

    def write(name):
        try:
            for n in range(20):
                store.append(
                    [event(f"{name}/{n}", stream=f"s:{name}") for _ in range(2)], {f"s:{name}": 2 * n}
                )
                assert store.stream_version(f"s:{name}") == 2 * n + 2
        except (LedgerError, AssertionError) as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    stored = list(store.read())
    assert [e.position for e in stored] == list(range(1, 241))
    assert len({e.id for e in stored}) == 240
    assert store.head().root == root_of(store)
