"""A log that is checked in bulk holds exactly when it holds event by event, and gives the same tree."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.clock import FixedClock
from ledger.events import NewEvent, Producer
from ledger.store import Store, open_store
from ledger.store.bulk import check_log_in_bulk
from ledger.store.rows import Where
from ledger.store.tlog import Frontier, range_root
from ledger.store.verify import verify_store
from tests.integration.store.test_verify import TAMPERED, fill, redact, tamper

NAMES = st.sampled_from(["a", 'quo"te', "back\\slash", "Kyjiw", "Київ", '","published_at":'])
EVENTS = st.builds(
    NewEvent,
    type=st.sampled_from(["note.made", "note.kept"]),
    stream=NAMES,
    payload=st.sampled_from([b"{}", b"", b'{"a":1}', bytes(range(256))]),
    producer=st.builds(Producer, name=NAMES, version=st.just("1"), identity=st.sampled_from(["", "ab" * 32])),
    schema=st.sampled_from([1, 2]),
    media_type=st.sampled_from(["application/json", "text/plain"]),
    published_at=st.sampled_from(
        [None, datetime(2031, 5, 4, tzinfo=UTC), datetime(2031, 5, 4, 1, 2, 3, 4, UTC)]
    ),
    causes=st.sampled_from([(), ("ab" * 16,), ("ab" * 16, "cd" * 16)]),
)


def in_bulk(store: Store, path: Path, **more: Any):
    head = store.head()
    return check_log_in_bulk(Where(path=str(path)), head.position, head.root, **{"roots": {}, **more})


@given(st.lists(st.lists(EVENTS, min_size=1, max_size=4), max_size=5), st.data())
@settings(max_examples=25, deadline=None)
def test_whatever_is_recorded_is_found_to_hold(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[NewEvent]], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("log") / "ledger.db"
    clock = FixedClock("2031-05-04T07:00:00Z")
    store = open_store(f"sqlite:///{path}", clock=clock)
    for batch in batches:
        store.append(batch)
        clock.advance(data.draw(st.sampled_from([0, 1, 0.25])))
    size = store.head().position
    gone = data.draw(st.sets(st.integers(1, size), max_size=2)) if size else set()
    if gone:
        redact(store, sorted(gone))
    checked = in_bulk(store, path)
    assert checked is not None
    assert (checked.frontier.size, checked.frontier.root().hex()) == (
        store.head().position,
        store.head().root,
    )
    assert checked.redacted == gone
    assert verify_store(store).redacted == len(gone)
    store.close()


@pytest.mark.parametrize("statement", [one for one, *_ in TAMPERED.values()], ids=TAMPERED)
def test_whatever_was_tampered_with_is_left_to_the_reader_of_single_events(store, path, statement) -> None:
    fill(store)
    assert in_bulk(store, path) is not None
    tamper(path, *statement.split(";"))
    assert in_bulk(store, path) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET salt = CAST(salt || substr(payload, 1, 1) AS BLOB), payload = substr(payload, 2) WHERE position = 5",
        "UPDATE events SET payload = CAST(payload AS TEXT) WHERE position = 5",
        "UPDATE events SET envelope = CAST(envelope AS TEXT) WHERE position = 5",
        'UPDATE streams SET name = \'s:0","version":1,"x":"\' WHERE id = 1',
        "UPDATE events SET recorded_at = 'now' WHERE position = 5",
        "UPDATE events SET stream = 99 WHERE position = 5",
        "UPDATE events SET producer = 99 WHERE position = 5",
        "UPDATE events SET position = 0 WHERE position = 1",
    ],
)
def test_what_a_careless_check_would_let_pass_is_found(store, path, statement: str) -> None:
    fill(store)
    tamper(path, statement)
    assert in_bulk(store, path) is None
    found = verify_store(store)
    assert not found.holds
    assert found.first is not None


def test_versions_in_another_order_than_the_log_are_found(store, path) -> None:
    """An insider who knows the format can make envelopes, columns and root agree, and not the order of a stream."""
    fill(store)
    swap = ((4, 0), (7, 4), (0, 7))
    tamper(path, *(f"UPDATE events SET position = {new} WHERE position = {old}" for old, new in swap))
    frontier = Frontier().extend(store.leaf_hashes(0, 12))
    tamper(path, f"UPDATE head SET frontier = x'{frontier.to_bytes().hex()}'")
    assert in_bulk(store, path) is None
    assert any("of its stream is number" in problem.what for problem in verify_store(store).problems)


def test_several_processes_find_what_one_finds(store, path) -> None:
    one = NewEvent(type="note.made", stream="s", payload=b"{}", producer=Producer("core", "1"))
    store.append([one] * 3_000)
    redact(store, [7, 1_500])
    told: list[tuple[int, int]] = []
    alone = in_bulk(store, path, jobs=1, stretch=512)
    together = in_bulk(
        store, path, jobs=3, stretch=512, progress=lambda done, total: told.append((done, total))
    )
    assert alone == together is not None
    assert told[-1] == (3_001, 3_001)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    leaves = list(store.leaf_hashes(0, 3_001))
    groups = [b"".join(leaves[at : at + 256]) for at in range(0, 3_001 // 256 * 256, 256)]
    assert list(alone.rows) == [sha256(group).digest() for group in groups]
    sizes = (1, 255, 256, 257, 512, 700, 3_000, 3_001)
    roots = {size: range_root(store.leaf_hashes, 0, size).hex() for size in sizes}
    assert in_bulk(store, path, jobs=2, stretch=512, roots=roots) == alone
    for size in roots:
        assert in_bulk(store, path, stretch=512, roots={**roots, size: "0" * 64}) is None
    tamper(path, "UPDATE events SET version = version + 9000 WHERE position = 1000")
    assert in_bulk(store, path, jobs=3, stretch=512) is None
