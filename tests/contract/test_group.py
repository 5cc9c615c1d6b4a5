"""Many threads append through one group committer; to each it looks like `Store.append`."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ledger.errors import ConflictError, DuplicateEventError, StoreUnavailableError, UsageError
from ledger.events import NewEvent, Producer
from ledger.store import Task, TaskDone
from ledger.store.group import MAX_EVENTS, GroupCommitter
from ledger.store.verify import verify_store

CORE = Producer("core", "1")
NOW = datetime(2031, 5, 4, 7, tzinfo=UTC)


def event(payload="{}", *, stream="s", **more):
    return NewEvent(type="note.made", stream=stream, payload=payload.encode(), producer=CORE, **more)


class Gate:
    """A store whose first append waits, so that what is asked for meanwhile gathers; counts the commits."""

    def __init__(self, store):
        self.store = store
        self.opened = threading.Event()
        self.entered = threading.Event()
        self.sizes = []

    def append(self, events, expected=None, **more):
        self.sizes.append(len(events))
        self.entered.set()
        self.opened.wait()
        return self.store.append(events, expected, **more)


def together(store, *appends):
    """Run `appends` (arguments of append), gathered behind a first one; gives their outcomes and the sizes of the commits."""
    gate = Gate(store)
    with GroupCommitter(gate) as group, ThreadPoolExecutor(len(appends) + 1) as pool:
        pool.submit(group.append, [event("first", stream="first")])
        gate.entered.wait()
        waiting = []
        for arguments, options in appends:
            before = group._queue.qsize()
            waiting.append(pool.submit(group.append, *arguments, **options))
            while group._queue.qsize() == before:
                pass
        gate.opened.set()
        outcomes = [item.exception() or item.result() for item in waiting]
    return outcomes, gate.sizes[1:]


def ask(*arguments, **options):
    return arguments, options


def test_what_waits_is_committed_together_and_each_gets_its_own_positions(store):
    outcomes, commits = together(store, *(ask([event(f"{n}/{k}") for k in range(n)]) for n in (1, 2, 3)))
    assert commits == [6]
    assert [(done.positions, done.new) for done in outcomes] == [((2,), 1), ((3, 4), 2), ((5, 6, 7), 3)]
    for n, done in zip((1, 2, 3), outcomes, strict=True):
        assert [store.get(i).payload for i in done.ids] == [f"{n}/{k}".encode() for k in range(n)]


def test_a_refused_append_is_refused_alone(store):
    store.append([event("x", id="0" * 31 + "1", stream="old")])
    outcomes, _ = together(
        store,
        ask([event("a", stream="a")], {"a": 0}),
        ask([event("b", stream="b")], {"b": 7}),
        ask([event("other", id="0" * 31 + "1", stream="old")]),
        ask([event("c", stream="\n")]),
        ask([event("d", stream="d")], {"d": 0}, keys={"k": "d"}),
    )
    assert [type(item) for item in outcomes[1:4]] == [ConflictError, DuplicateEventError, UsageError]
    assert (outcomes[0].new, outcomes[4].new) == (1, 1)
    assert store.lookup(["k"]) == {"k": "d"}
    assert store.stream_version("b") == 0


def test_two_that_expect_the_same_version_do_not_both_get_it(store):
    outcomes, _ = together(store, *(ask([event(str(n))], {"s": 0}) for n in range(3)))
    assert Counter(type(item).__name__ for item in outcomes) == {"Appended": 1, "ConflictError": 2}
    assert store.stream_version("s") == 1


def test_repeated_events_and_counts(store):
    known = event("known", id="0" * 31 + "1")
    store.append([known])
    outcomes, _ = together(store, ask([known, event("new")]), ask([event("more")]), ask([known]))
    assert [(done.positions[0], done.new) for done in outcomes] == [(1, 1), (4, 1), (1, 0)]


def test_the_first_of_two_keys_wins(store):
    together(store, ask([event("a")], keys={"k": "first"}), ask([event("b")], keys={"k": "second"}))
    assert store.lookup(["k"]) == {"k": "first"}


def test_a_task_is_finished_by_its_holder_only(store):
    store.put_tasks([Task(kind="feed", key="f", next_at=NOW)])
    (held,) = store.claim("feed", now=NOW, owner="w", lease_seconds=9, limit=1)
    done = TaskDone(kind="feed", key="f", fence=held.fence, next_at=NOW, data=b"")
    late = TaskDone(kind="feed", key="f", fence=held.fence + 1, next_at=NOW, data=b"")
    outcomes, _ = together(
        store, ask([event("a")], tasks=[done]), ask([event("b")], tasks=[late]), ask([event("c")])
    )
    assert [type(item).__name__ for item in outcomes] == ["Appended", "ConflictError", "Appended"]


def test_an_append_without_events_still_asks_for_versions(store):
    outcomes, _ = together(store, ask([event("a")]), ask([], {"s": 5}), ask([], {"s": 1}), ask([event("b")]))
    assert [type(item).__name__ for item in outcomes] == ["Appended", "ConflictError", "Appended", "Appended"]


def test_groups_are_bounded(store):
    half = [event() for _ in range(MAX_EVENTS // 2)]
    big = [event() for _ in range(MAX_EVENTS + 5)]
    _, commits = together(store, ask(half), ask(half), ask([event()]), ask(big), ask([event()]))
    assert commits == [MAX_EVENTS, 1, MAX_EVENTS + 5, 1]


def test_many_threads_lose_and_double_nothing(store):
    def write(name):
        return [group.append([event(f"{name}/{n}", stream=name)], {name: n}).positions[0] for n in range(25)]

    with GroupCommitter(store) as group, ThreadPoolExecutor(8) as pool:
        positions = list(pool.map(write, [f"s{n}" for n in range(8)]))
    assert sorted(at for of_one in positions for at in of_one) == list(range(1, 201))
    for name, of_one in enumerate(positions):
        assert [e.position for e in store.read(stream=f"s{name}")] == of_one
    assert verify_store(store).holds


def test_closing_commits_what_waits_and_then_refuses(store):
    gate = Gate(store)
    group = GroupCommitter(gate)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(group.append, [event("first")])
        gate.entered.wait()
        second = pool.submit(group.append, [event("second")])
        while group._queue.qsize() == 0:
            pass
        closing = pool.submit(group.close)
        gate.opened.set()
        closing.result()
        assert [first.result().positions, second.result().positions] == [(1,), (2,)]
    group.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        group.append([event()])


def test_an_unavailable_store_is_said_to_everyone(store):
    store.close()
    outcomes, _ = together(store, ask([event("a")]), ask([event("b")]))
    assert [type(item) for item in outcomes] == [StoreUnavailableError] * 2
