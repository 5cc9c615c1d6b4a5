"""Lookup keys, tasks, bodies and redactions: what a store keeps beside the events."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from ledger.errors import ConflictError, NotFoundError, StoreError, StoreUnavailableError, UsageError
from ledger.events import NewEvent, Producer, Redacted, decode, new_event
from ledger.events.types import PayloadRedacted
from ledger.store import Task, TaskDone

CORE = Producer("core", "1")
NOW = datetime(2031, 5, 4, 7, tzinfo=UTC)


def event(payload="{}", *, stream="article:a-1", **more):
    return NewEvent(type="article.ingested", stream=stream, payload=payload.encode(), producer=CORE, **more)


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def task(key, *, at=0, group="", data=b"", kind="feed"):
    return Task(kind=kind, key=key, group=group, next_at=later(at), data=data)


def claim(store, *, at=0, owner="w1", lease=60, limit=10, **more):
    return store.claim("feed", now=later(at), owner=owner, lease_seconds=lease, limit=limit, **more)


def done(held, *, at=600, data=b""):
    return TaskDone(kind=held.kind, key=held.key, fence=held.fence, next_at=later(at), data=data)


class TestKeys:
    def test_the_first_value_stays(self, store):
        store.append([event()], keys={"url:x": "a-1", "guid:é": "a-1"})
        store.append([], keys={"url:x": "a-2", "new": "a-3"})
        assert store.lookup(["url:x", "guid:é", "new", "none"]) == {
            "url:x": "a-1",
            "guid:é": "a-1",
            "new": "a-3",
        }
        assert store.lookup([]) == {}

    def test_many_at_once(self, store):
        keys = {f"k{n}": str(n) for n in range(3000)}
        store.append([], keys=keys)
        assert store.lookup(list(keys)) == keys

    def test_a_refused_append_sets_none(self, store):
        with pytest.raises(ConflictError):
            store.append([event()], {"article:a-1": 3}, keys={"k": "v"})
        with pytest.raises(UsageError):
            store.append([event()], keys={"k\x00": "v"})
        assert store.lookup(["k"]) == {}
        assert store.head().position == 0


class TestTasks:
    def test_due_tasks_are_leased_earliest_first(self, store):
        store.put_tasks([task("c", at=-5), task("b", at=-9), task("a", at=-5), task("later", at=5)])
        store.put_tasks([task("other", kind="mail", at=-99)])
        assert [t.key for t in claim(store)] == ["b", "a", "c"]
        assert claim(store) == []
        assert [t.key for t in store.tasks("feed")] == ["a", "b", "c", "later"]

    def test_a_lease_is_seen_and_ends(self, store):
        store.put_tasks([task("a")])
        (held,) = claim(store, owner="w1", lease=30)
        assert (held.owner, held.lease_until) == ("w1", later(30))
        assert store.tasks("feed") == [held]
        assert claim(store, at=29, owner="w2") == []
        (taken,) = claim(store, at=30, owner="w2")
        assert taken.owner == "w2"
        assert taken.fence > held.fence

    def test_limit_and_group_limit(self, store):
        store.put_tasks([task(f"x{n}", group="x.example", at=-9) for n in range(5)])
        store.put_tasks([task(f"y{n}", group="y.example", at=-1) for n in range(2)])
        assert [t.key for t in claim(store, limit=1, per_group=2)] == ["x0"]
        assert [t.key for t in claim(store, limit=3, per_group=2)] == ["x1", "y0", "y1"]
        assert claim(store, per_group=2) == []
        assert claim(store, limit=0, per_group=9) == []

    def test_the_empty_group_has_no_limit(self, store):
        store.put_tasks([task(str(n)) for n in range(6)])
        assert len(claim(store, per_group=1)) == 6

    def test_forced_means_due_or_not(self, store):
        store.put_tasks([task("a", at=500), task("b", at=0)])
        assert [t.key for t in claim(store, force=True)] == ["b", "a"]
        assert claim(store, force=True) == []

    def test_finishing_frees_and_remembers_with_the_events(self, store):
        store.put_tasks([task("a", data=b"old")])
        (held,) = claim(store)
        assert held.data == b"old"
        store.append([event()], tasks=[done(held, at=600, data=b"etag")])
        (after,) = store.tasks("feed")
        assert (after.next_at, after.data, after.owner, after.lease_until) == (later(600), b"etag", "", None)
        assert claim(store, at=599) == []
        assert [t.key for t in claim(store, at=600)] == ["a"]

    def test_only_the_newest_holder_can_finish(self, store):
        store.put_tasks([task("a")])
        (old,) = claim(store, lease=10)
        (new,) = claim(store, at=20)
        with pytest.raises(ConflictError, match="feed a"):
            store.append([event()], tasks=[done(old)])
        assert store.head().position == 0
        store.append([event()], tasks=[done(new)])
        with pytest.raises(ConflictError):
            store.append([], tasks=[done(old)])

    def test_a_late_holder_may_finish_while_nobody_else_took_it(self, store):
        store.put_tasks([task("a")])
        (held,) = claim(store, lease=10)
        store.append([], tasks=[done(held, at=900)])
        assert store.tasks("feed")[0].next_at == later(900)

    def test_putting_again_ends_the_lease(self, store):
        store.put_tasks([task("a", group="x.example")])
        (held,) = claim(store)
        store.put_tasks([task("a", group="y.example", data=b"n", at=0)])
        with pytest.raises(ConflictError):
            store.append([], tasks=[done(held)])
        (again,) = claim(store)
        assert (again.group, again.data) == ("y.example", b"n")
        assert again.fence > held.fence

    def test_a_dropped_task_cannot_be_finished_even_when_it_is_back(self, store):
        store.put_tasks([task("a")])
        (held,) = claim(store)
        store.drop_task("feed", "a")
        store.drop_task("feed", "a")
        assert store.tasks("feed") == []
        with pytest.raises(ConflictError):
            store.append([], tasks=[done(held)])
        store.put_tasks([task("a")])
        with pytest.raises(ConflictError):
            store.append([], tasks=[done(held)])
        (again,) = claim(store)
        assert again.fence > held.fence

    def test_a_claim_may_ask_for_some_tasks_only(self, store):
        store.put_tasks([task(key) for key in ("a", "b", "c", "later")])
        store.put_tasks([task("later", at=600)])
        assert [held.key for held in claim(store, keys=["c", "a", "later", "none"])] == ["a", "c"]
        assert [held.key for held in claim(store, keys=["a", "later"], force=True)] == ["later"]
        assert claim(store, keys=[]) == []
        assert [held.key for held in claim(store)] == ["b"]

    def test_one_busy_group_hides_no_other(self, store):
        store.put_tasks([task(f"a{n:03}", group="busy") for n in range(120)] + [task("z", group="other")])
        assert [held.key for held in claim(store, limit=5, per_group=2)] == ["a000", "a001", "z"]

    def test_a_task_nobody_claimed_cannot_be_finished(self, store):
        store.put_tasks([task("a")])
        with pytest.raises(ConflictError):
            store.append([], tasks=[TaskDone(kind="feed", key="a", fence=0, next_at=NOW, data=b"")])

    def test_unusable_tasks_are_refused(self, store):
        for bad in (task(""), task("a", kind=""), task("a\x00"), task("\ud800")):
            with pytest.raises(UsageError):
                store.put_tasks([task("good"), bad])
        assert store.tasks("feed") == []


class TestBodies:
    def test_the_same_bytes_are_kept_once(self, store):
        text = b"Flood on the Ost. " * 100
        one, two, empty = store.put_bodies(
            [(text, "text/plain"), (b"\x00\xff", "image/x"), (b"", "text/plain")]
        )
        (again,) = store.put_bodies([(text, "text/html")])
        assert (one.size, one.media_type) == (len(text), "text/plain")
        assert (again.key, again.media_type) == (one.key, "text/html")
        assert [store.get_body(ref.key) for ref in (one, two, empty)] == [text, b"\x00\xff", b""]
        assert len({one.key, two.key, empty.key}) == 3

    def test_twice_in_one_call_is_once(self, store):
        one, two = store.put_bodies([(b"same", "a/b"), (b"same", "a/b")])
        assert one == two
        assert store.get_body(one.key) == b"same"

    def test_a_key_does_not_give_away_its_bytes(self, store):
        (ref,) = store.put_bodies([(b"12 killed", "text/plain")])
        assert ref.key != hashlib.sha256(b"12 killed").hexdigest()
        assert len(ref.key) == 64

    @pytest.mark.parametrize("key", ["", "zz", "00" * 32, "é"])
    def test_an_unknown_key_is_not_found(self, store, key):
        with pytest.raises(NotFoundError):
            store.get_body(key)


class TestRedaction:
    def order(self, store, positions=(), bodies=()):
        store.append(
            [
                new_event(
                    PayloadRedacted(positions=positions, bodies=bodies, by="desk", reason="court order"),
                    stream="ledger",
                    producer=CORE,
                )
            ]
        )

    def test_payload_and_body_go_and_the_proof_stays(self, store):
        secret, other = store.put_bodies([(b"secret text", "text/plain"), (b"other text", "text/plain")])
        store.append([event("secret"), event("public")])
        self.order(store, (1,), (secret.key,))
        root, raw = store.head().root, next(store.read()).raw
        store.redact([1], [secret.key])
        gone, kept, _ = store.read()
        assert (gone.payload, gone.salt, gone.redacted, gone.raw) == (None, None, True, raw)
        assert isinstance(decode(gone), Redacted)
        assert kept.payload == b"public"
        assert store.get(gone.id).payload is None
        assert store.get_body(secret.key) is None
        assert store.get_body(other.key) == b"other text"
        assert store.head().root == root

    def test_redacting_again_changes_nothing(self, store):
        store.append([event("secret")])
        self.order(store, (1,))
        store.redact([1], [])
        store.redact([1], [])
        assert next(store.read()).redacted

    def test_without_an_order_nothing_goes(self, store):
        (ref,) = store.put_bodies([(b"text", "text/plain")])
        store.append([event("a"), event("b")])
        self.order(store, (1,))
        with pytest.raises(StoreError, match="position 2"):
            store.redact([1, 2], [])
        with pytest.raises(StoreError, match=ref.key):
            store.redact([1], [ref.key])
        assert [e.payload for e in store.read(upto=2)] == [b"a", b"b"]
        assert store.get_body(ref.key) == b"text"

    def test_an_order_cannot_reach_forward(self, store):
        store.append([event("a")])
        self.order(store, (3,))
        store.append([event("b")])
        with pytest.raises(StoreError):
            store.redact([3], [])

    @pytest.mark.parametrize("position", [0, -1])
    def test_a_position_that_cannot_be_is_not_taken_for_another(self, store, position):
        store.append([event("a")])
        self.order(store, (position,))
        with pytest.raises(StoreError):
            store.redact([position], [])
        assert not any(e.redacted for e in store.read())

    def test_an_order_itself_stays(self, store):
        self.order(store, (1,))
        self.order(store, (1,))
        with pytest.raises(UsageError):
            store.redact([1], [])

    def test_an_unknown_body_is_not_found(self, store):
        self.order(store, (), ("00" * 32,))
        with pytest.raises(NotFoundError):
            store.redact([], ["00" * 32])

    def test_the_same_bytes_can_be_kept_anew(self, store):
        (ref,) = store.put_bodies([(b"text", "text/plain")])
        self.order(store, (), (ref.key,))
        store.redact([], [ref.key])
        (again,) = store.put_bodies([(b"text", "text/plain")])
        assert again.key != ref.key
        assert store.get_body(again.key) == b"text"
        assert store.get_body(ref.key) is None

    def test_a_redacted_event_appended_again_stays_redacted(self, store):
        given = event("secret", id="0" * 31 + "1")
        store.append([given])
        self.order(store, (1,))
        store.redact([1], [])
        assert store.append([given]).positions == (1,)
        assert next(store.read()).redacted


def test_a_closed_store_says_so(store):
    store.append([event()])
    reading = store.read()
    store.close()
    store.close()
    for use in (
        lambda: store.append([event()]),
        lambda: list(store.read()),
        lambda: next(reading),
        store.head,
        lambda: store.tasks("feed"),
        lambda: store.put_bodies([(b"x", "a/b")]),
        lambda: store.get_body("00" * 32),
        lambda: claim(store),
    ):
        with pytest.raises(StoreUnavailableError, match="closed"):
            use()


class TestWait:
    def event(self):
        return NewEvent(type="note.made", stream="s:1", payload=b"", producer=Producer("core", "1"))

    def test_what_is_there_already_is_not_waited_for(self, store):
        store.append([self.event()])
        assert store.wait(0, timeout=60) == 1

    def test_nothing_comes(self, store):
        assert store.wait(0, timeout=0) == 0
        assert store.wait(3, timeout=0.01) == 0

    def test_an_append_wakes_those_who_wait(self, store):
        with ThreadPoolExecutor(3) as pool:
            waiting = [pool.submit(store.wait, 0, timeout=60) for _ in range(3)]
            store.append([self.event()])
            assert [one.result() for one in waiting] == [1, 1, 1]
