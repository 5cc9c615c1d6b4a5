"""What was reported at a past instant is looked up, and is byte for byte what everything recorded by then gives."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.errors import ProjectionError, UsageError
from ledger.events.types import ReviewDecided
from ledger.projections.evidence import EvidenceTables
from ledger.projections.packing import base_of, pack, unpack
from ledger.state import load_registry, reported_state, resolve

NAMES = ["a-1", "a-2", "a-3", "a-4"]
ROOTS = ["civil-protection", "coast-guard", "police"]
SLOTS = ["killed.people", "injured.people"]
SPEAKERS = ["Civil Protection", "Coast Guard", "the police", "TNA", ""]

SAID = st.tuples(
    st.sampled_from([3, 40, 44, 57]), st.sampled_from(["killed", "injured"]), st.sampled_from(SPEAKERS)
)
REGISTRY = st.fixed_dictionaries(
    {
        "reliability": st.sampled_from("BCF"),
        "alias": st.booleans(),
        "wire": st.booleans(),
        "declared": st.sampled_from(["", "killed", "toll"]),
        "window": st.sampled_from([1, 3]),
    }
)
DECISION = st.sampled_from(
    [
        ("reject", {"slot": "killed.people", "root": "civil-protection"}),
        ("grade", {"root": "police", "grade": "A"}),
        ("grade", {"root": "coast-guard", "grade": "F"}),
        ("merge-roots", {"root": "coast-guard", "into": "civil-protection"}),
        ("split-root", {"root": "civil-protection", "to": "police", "outlet": "vdt"}),
        ("copy", {"article": "a-1", "of": "a-2"}),
        ("slot-merge", {"slot": "killed.people", "value": "injured.people"}),
        ("slot-name", {"slot": "killed.people", "value": "The dead"}),
        ("reslot", {"slot": "killed.people", "article": "a-1", "version": "1", "start": "0", "end": "40", "to": "injured.people"}),
    ]
)  # fmt: skip
STEP = st.one_of(
    st.tuples(st.just("article"), st.sampled_from(NAMES), st.sampled_from(["tna", "vdt", "qkb"])),
    st.tuples(
        st.just("annotate"),
        st.sampled_from(NAMES),
        st.lists(SAID, max_size=2),
        st.sampled_from(["id-1", "id-2"]),
        st.sampled_from(["claims", "other"]),
    ),
    st.tuples(st.just("annotate"), st.sampled_from(NAMES), st.lists(SAID, min_size=1, max_size=2), st.just("id-1"), st.just("claims")),
    st.tuples(st.just("withdraw"), st.sampled_from(NAMES)),
    st.tuples(st.just("registry"), REGISTRY),
    st.tuples(st.just("decide"), st.sampled_from(["r-1", "r-2", "r-3"]), DECISION),
    st.tuples(st.just("undo"), st.sampled_from(["r-1", "r-2", "r-3"])),
    st.tuples(st.just("redact"), st.integers(0, 40)),
    st.tuples(st.just("catch_up"), st.booleans()),
    st.tuples(st.just("same instant")),
)  # fmt: skip


def record(room, claim, step):
    """Append what a step says, if it makes sense now."""
    kind, *rest = step
    if kind == "article":
        room.article(rest[0], f"Text of {rest[0]}", outlet=rest[1])
    elif kind == "annotate" and rest[0] in room.versions:
        found = [claim(number, measure=measure, who=who) for number, measure, who in rest[1]]
        room.annotate(rest[0], *found, identity=rest[2], processor=rest[3])
    elif kind == "withdraw" and rest[0] in room.versions:
        room.withdraw(rest[0])
    elif kind == "registry":
        room.registry(**registry(**rest[0]))
    elif kind == "decide":
        action, target = rest[1]
        event = ReviewDecided(review=rest[0], action=action, target=target, by="mira", reason="seen")
        room.append(event, "reviews")
    elif kind == "undo":
        room.undo(rest[0])
    elif kind == "redact":
        position = 1 + rest[0] % max(1, room.store.head().position)
        stored = next(room.store.read(position - 1), None)
        if stored is not None and stored.payload is not None and stored.type != "payload.redacted":
            room.redact(positions=(position,))


def registry(*, reliability, alias, wire, declared, window):
    slots = {}
    if declared:
        slots = {declared: {"subject": "people", "measure": "killed", "kind": "cumulative"}}
    return {
        "config": {"window_days": window},
        "sources": {
            "civil-protection": {"name": "Civil Protection", "reliability": reliability},
            "coast-guard": {"name": "Coast Guard", "aliases": ["the police"] if alias else []},
        },
        "outlets": {"tna": {"name": "TNA", "host": "tna.example", "kind": "wire" if wire else "newspaper"}},
        "slots": slots,
    }


def computed(views, at):
    """The answer by its definition: everything that was recorded by then, at once."""
    known = load_registry(views.registry(at) or b"{}")
    return reported_state(
        resolve(views.reports(at), known), known, reviews=views.state_reviews(at), recorded_as_of=at
    )


def encoded(state):
    return msgspec.json.encode(state)


@pytest.fixture
def only_lookups(monkeypatch):
    """Answers come from the kept versions, or the test fails."""

    def never(*_):
        raise AssertionError("computed, not looked up")

    monkeypatch.setattr("ledger.projections.stated.from_reports", never)
    monkeypatch.setattr("ledger.projections.stated.from_evidence", never)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEP, min_size=4, max_size=22))
def test_every_past_instant_reads_as_everything_recorded_by_then_gives(newsroom, claim, steps):
    with tempfile.TemporaryDirectory() as folder:
        room = newsroom(Path(folder) / "home")
        try:
            views = room.views()
            usual, times = room.clock.advance, []
            for step in steps:
                record(room, claim, step)
                times.append(room.clock.now())
                if step[0] == "catch_up":
                    views.catch_up(figures=step[1])
                # What follows "same instant" is recorded at the time of what came before.
                room.clock.advance = (lambda _: None) if step[0] == "same instant" else usual
            views.catch_up()
            fresh = room.views(Path(folder) / "fresh")
            fresh.catch_up()
            assert fresh.digests() == views.digests()
            for at in sorted(set(times)):
                expected = encoded(computed(views, at))
                assert encoded(views.state(at)) == expected
                assert encoded(fresh.state(at)) == expected
        finally:
            room.close()


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(STEP, min_size=4, max_size=16), hours=st.integers(-3, 3), policy=st.sampled_from(["most-support/1", "latest/1"]))  # fmt: skip
def test_what_was_published_by_a_time_is_evaluated_from_what_is_kept(newsroom, claim, steps, hours, policy):
    with tempfile.TemporaryDirectory() as folder:
        room = newsroom(Path(folder) / "home")
        try:
            views = room.views()
            for step in steps:
                record(room, claim, step)
            views.catch_up()
            by = room.clock.now().replace(hour=5 + hours)
            known = load_registry(views.registry() or b"{}")
            documents = resolve(views.reports(), known)
            whole = reported_state(
                documents, known, reviews=views.state_reviews(), published_as_of=by, policy=policy
            )
            assert views.state(None, by, policy=policy) == whole
            for slot in whole.slots:
                assert views.state(None, by, policy=policy, slots=[slot.id]).slots == (slot,)
        finally:
            room.close()


def test_looking_back_computes_nothing(room, claim, only_lookups):
    views = room.views()
    seen = []
    for number in range(40):
        room.article(f"a-{number}", outlet="tna")
        room.annotate(f"a-{number}", claim(40 + number), claim(number, measure="injured"))
        if number % 3 == 0:
            views.catch_up()
            seen.append((room.clock.now(), encoded(views.state().slots)))
    room.reject()
    views.catch_up()
    for at, slots in seen:
        assert encoded(views.state(at).slots) == slots
        assert encoded(views.state(at, slots=["killed.people"]).slots[0]) in slots
    assert views.state(at, slots=["no.such"]).slots == ()
    assert views.state(room.clock.now()).slots == views.state().slots


def test_a_figure_that_went_and_came_back_was_not_there_between(room, claim, only_lookups):
    views = room.views()
    views.catch_up()
    room.article("a-1")
    room.annotate("a-1", claim(40))
    first = room.clock.now()
    room.annotate("a-1", identity="id-2")
    second = room.clock.now()
    room.annotate("a-1", claim(41), identity="id-3")
    third = room.clock.now()
    views.catch_up()
    values = [[slot.best.point for slot in views.state(at).slots] for at in (first, second, third)]
    assert values == [[40], [], [41]]


def test_what_is_asked_about_one_figure_reads_no_other(room, claim, monkeypatch):
    views = room.views()
    for number, measure in enumerate(["killed", "injured", "missing"]):
        room.article(f"a-{number}")
        room.annotate(f"a-{number}", claim(40, measure=measure))
    views.catch_up()
    read = []
    whole = EvidenceTables.documents
    monkeypatch.setattr(EvidenceTables, "documents", lambda self, ids: read.extend(ids) or whole(self, ids))
    found = views.state(None, room.clock.now(), slots=["injured.people"])
    assert [slot.id for slot in found.slots] == ["injured.people"]
    assert set(read) == {"a-1"}


def test_an_unknown_policy_is_an_error_also_where_nothing_is_reported(room):
    views = room.views()
    views.catch_up()
    with pytest.raises(UsageError):
        views.state(policy="best/9")


@given(texts=st.lists(st.binary(max_size=200), min_size=1, max_size=70))
def test_versions_are_packed_as_differences_and_come_out_whole(texts):
    packed = {}
    for version, text in enumerate(texts, 1):
        base = base_of(version)
        assert base_of(base) == base <= version
        whole = None if base == version else unpack(packed[base])
        packed[version] = pack(text, whole)
        assert unpack(packed[version], whole) == text


def test_a_version_that_is_not_what_was_packed_is_an_error():
    packed = pack(b"forty were killed " * 20, b"forty were killed " * 19)
    with pytest.raises(ProjectionError, match="rebuild figures"):
        unpack(packed, b"something else altogether, of another length")
