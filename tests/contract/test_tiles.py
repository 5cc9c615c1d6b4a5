"""The tree of the log at any past position, from what is sealed as the log grows."""

from __future__ import annotations

import pytest

from ledger.errors import UsageError
from ledger.events import NewEvent, Producer
from ledger.store.tlog import EMPTY_ROOT, GROUP, Frontier, group_root

CORE = Producer("core", "1")


def grow(store, *sizes):
    """Append so many events at a time; the root after each append, by position."""
    roots = {0: store.head().root}
    for size in sizes:
        made = [
            NewEvent(type="note.made", stream=f"s:{n % 5}", payload=b"{}", producer=CORE) for n in range(size)
        ]
        store.append(made)
        head = store.head()
        roots[head.position] = head.root
    return roots


def test_the_root_at_a_past_position_is_what_it_was_then(store):
    roots = grow(store, 1, 100, 154, 1, 1, 255, 300, 512, 3)
    assert {at: store.root_at(at) for at in roots} == roots
    assert store.root_at(0) == EMPTY_ROOT.hex()
    assert store.root_at(700) == Frontier().extend(store.leaf_hashes(0, 700)).root().hex()
    last = max(roots)
    for wrong in (-1, last + 1):
        with pytest.raises(UsageError, match="no such position"):
            store.root_at(wrong)


def test_every_complete_group_is_sealed_by_the_append_that_completes_it(store):
    grow(store, 255)
    assert list(store.sealed(1, 0, 9)) == []
    grow(store, 1)
    assert [number for number, _ in store.sealed(1, 0, 9)] == [0]
    grow(store, 600, 7, 200)
    leaves = list(store.leaf_hashes(0, 1024))
    groups = [group_root(leaves[at : at + GROUP]) for at in range(0, 1024, GROUP)]
    assert [tuple(row) for row in store.sealed(1, 0, 9)] == list(enumerate(groups))


def test_full_tiles_are_given_and_others_are_not(store):
    grow(store, 600)
    assert store.tile(0, 1) == b"".join(store.leaf_hashes(256, 512))
    assert store.tile(0, 2) is None
    assert store.tile(1, 0) is None
    assert store.tile(7, 0) is None


def test_an_append_that_is_refused_seals_nothing(store):
    grow(store, 255)
    with pytest.raises(UsageError):
        store.append([NewEvent(type="", stream="s:1", payload=b"", producer=CORE)])
    assert list(store.sealed(1, 0, 9)) == []
    grow(store, 1)
    assert store.root_at(256) == store.head().root
