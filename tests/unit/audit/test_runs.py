"""Recorded runs are read from the log as they are needed, and results are counted as they come."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from ledger.audit.notes import Notes
from ledger.audit.past import StoreAt
from ledger.audit.reruns import Rerun, Reruns
from ledger.audit.runs import Layers, read_past, runs_of, sample_of
from ledger.config import Settings
from ledger.events import Producer, new_event
from ledger.events.types import AnnotationFailed, ArticleAnnotated
from ledger.store import Store, open_store
from ledger.testing import FixedClock

FIRST, SECOND = Producer("marks", "1.0", "ab" * 32), Producer("marks", "2.0", "cd" * 32)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(Settings(home=tmp_path), clock=FixedClock("2031-05-04T07:00:00Z"))
    yield opened
    opened.close()


def annotate(store: Store, *articles: str, producer: Producer = FIRST, revision: int = 1) -> None:
    events = [
        ArticleAnnotated(
            article=article,
            revision=revision,
            hash="",
            processor="marks",
            annotations=(msgspec.Raw(b'{"type":"marks.mark"}'),),
        )
        for article in articles
    ]
    store.append(
        [new_event(event, stream=f"annotations:{event.article}", producer=producer) for event in events]
    )


def fail(store: Store, article: str) -> None:
    event = AnnotationFailed(
        article=article, revision=1, hash="", processor="marks", kind="crash", message="no"
    )
    store.append([new_event(event, stream=f"annotations:{article}", producer=FIRST)])


def rerun(position: int, outcome: str = "identical", **given: str) -> Rerun:
    values = {"processor": "marks", "version": "1.0", "identity": "ab", "article": "a"} | given
    return Rerun(position=position, revision=1, outcome=outcome, **values)


def test_what_is_known_before_any_run_is_repeated_ends_where_the_past_does(store: Store) -> None:
    annotate(store, "a", "b")
    then = StoreAt(store, store.head().position)
    annotate(store, "a", producer=SECOND)
    past, now = read_past(then), read_past(store)
    assert (past.count, past.used) == (2, {FIRST.identity: ("marks", "1.0")})
    assert (now.count, set(now.used)) == (3, {FIRST.identity, SECOND.identity})
    assert now.processors() == {"marks"}


def test_the_layer_of_a_revision_is_the_last_run_of_its_identity_up_to_the_position(store: Store) -> None:
    fail(store, "a")
    annotate(store, "a", "b")
    annotate(store, "a", revision=2)
    annotate(store, "a", producer=SECOND)
    layers = Layers(StoreAt(store, store.head().position))
    annotate(store, "a")
    assert layers.get("a", 1, FIRST.identity) == list(runs_of(store))[1]
    assert layers.get("a", 2, FIRST.identity) == list(runs_of(store))[3]
    assert layers.get("a", 2, SECOND.identity) is None
    assert layers.get("c", 1, FIRST.identity) is None
    failed = Layers(StoreAt(store, 1)).get("a", 1, FIRST.identity)
    assert failed is not None
    assert failed.failure == "crash: no"


def test_a_sample_is_in_log_order_and_hangs_on_the_seed_only(store: Store) -> None:
    annotate(store, *(f"a{number}" for number in range(40)))
    chosen = [[run.position for run in sample_of(runs_of(store), 5, seed)] for seed in ("a", "a", "b")]
    assert chosen[0] == chosen[1] == sorted(chosen[0]) != chosen[2]
    assert len(chosen[0]) == 5
    assert len(list(sample_of(runs_of(store), 50, "a"))) == 40
    assert len(list(sample_of(runs_of(store), None, "a"))) == 40


def test_reading_ten_times_the_runs_takes_no_more_memory(store: Store) -> None:
    def peak() -> int:
        tracemalloc.start()
        past = read_past(store)
        assert sum(1 for _ in sample_of(runs_of(store), None, "")) == past.count
        assert len(list(sample_of(runs_of(store), 10, "seed"))) == 10
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    annotate(store, *(f"a{number}" for number in range(1_000)))
    peak()  # what is made once
    small = peak()
    annotate(store, *(f"b{number}" for number in range(9_000)))
    assert peak() < small * 1.5


def test_results_are_counted_in_any_order_and_told_in_that_of_the_log() -> None:
    found = Reruns()
    lost = {"processor": "other", "identity": "cd"}
    for one in (
        rerun(9, "DRIFT"),
        rerun(3),
        rerun(7, "not runnable", detail="its wheel is not kept", **lost),
        rerun(5, "DRIFT", version="2.0"),
        rerun(4),
    ):
        found.add(one)
    assert found.count == 5
    assert list(found.outcomes().items()) == [("identical", 2), ("DRIFT", 2), ("not runnable", 1)]
    assert found.by_processor() == {
        "marks 1.0": {"identical": 2, "DRIFT": 1},
        "marks 2.0": {"DRIFT": 1},
        "other 1.0": {"not runnable": 1},
    }
    assert [one.position for one in found.differing()] == [5, 7, 9]
    assert (found.identities, found.lacking) == ({"ab", "cd"}, {"cd": "its wheel is not kept"})


@pytest.mark.parametrize(
    ("after", "known"),
    [
        (b"", {1, 2}),
        (b'{"position":3,"arti', {1, 2}),
        (b"no result\n", {1, 2}),
    ],
)
def test_notes_go_on_after_the_last_whole_result(
    store: Store, tmp_path: Path, after: bytes, known: set[int]
) -> None:
    file = tmp_path / "runs.jsonl"
    with Notes(file, store, 5, None, "", Reruns().add) as notes:
        notes.add(rerun(1))
        notes.add(rerun(2, "DRIFT"))
    whole = file.read_bytes()
    file.write_bytes(whole + after)
    found = Reruns()
    with Notes(file, store, 5, None, "", found.add) as notes:
        assert notes.done == known
        notes.add(rerun(3))
    assert found.outcomes() == {"identical": 1, "DRIFT": 1}
    assert file.read_bytes().startswith(whole)
    assert len(file.read_bytes().splitlines()) == 4


@pytest.mark.parametrize("before", [b"", b"\n", b"{}\n", b"something else"])
def test_notes_of_another_question_are_thrown_away(store: Store, tmp_path: Path, before: bytes) -> None:
    file = tmp_path / "runs.jsonl"
    file.write_bytes(before)
    for seed in ("a", "b"):
        found = Reruns()
        with Notes(file, store, 5, 1, seed, found.add) as notes:
            assert notes.done == set()
            notes.add(rerun(1))
        assert found.count == 0
        assert len(file.read_bytes().splitlines()) == 2
