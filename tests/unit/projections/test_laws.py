"""Laws: whatever was recorded, in whatever pieces it was folded, the views are the same bytes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events import decode
from ledger.projections import folding

NAMES = st.sampled_from(["a-1", "a-2", "a-3"])
WORDS = st.sampled_from(["Forty were killed.", "Fifty were killed, \u00e9", "The dam holds.", ""])
OUTLETS = st.sampled_from(["tna", "vdt", "qkb"])
SOURCES = st.sampled_from(["Civil Protection", "the coast guard", "tna", ""])
NUMBERS = st.sampled_from([3, 40, 44, 57, 400])

STEPS = st.one_of(
    st.tuples(st.just("article"), NAMES, WORDS, OUTLETS),
    st.tuples(
        st.just("annotate"),
        NAMES,
        st.lists(st.tuples(NUMBERS, SOURCES), max_size=2),
        st.sampled_from(["claims", "other"]),
        st.sampled_from(["id-1", "id-2"]),
    ),
    st.tuples(st.just("annotate"), NAMES, st.lists(st.tuples(NUMBERS, SOURCES), min_size=1, max_size=2), st.just("claims"), st.just("id-1")),
    st.tuples(st.just("withdraw"), NAMES),
    st.tuples(st.just("fail"), NAMES, st.sampled_from(["id-1", "id-2"])),
    st.tuples(st.just("unknown")),
    st.tuples(st.just("register"), st.sampled_from(["id-1", "id-2"])),
    st.tuples(st.just("registry"), st.sampled_from(["B", "F"])),
    st.tuples(st.just("reject"), st.sampled_from(["r-1", "r-2"])),
    st.tuples(st.just("undo"), st.sampled_from(["r-1", "r-2"])),
    st.tuples(st.just("redact"), st.integers(0, 30), st.booleans()),
    st.tuples(st.just("catch_up"), st.booleans()),
    st.tuples(st.just("rebuild"), st.sampled_from(["articles", "annotations", "search", "figures", None])),
)  # fmt: skip


def record(room, claim, step):
    """Append what a step says, if it makes sense now."""
    kind, *rest = step
    if kind == "article":
        room.article(rest[0], rest[1], outlet=rest[2], title=f"{rest[0]} {rest[1][:5]}")
    elif kind in ("withdraw", "fail", "annotate") and rest[0] in room.versions:
        if kind == "withdraw":
            room.withdraw(rest[0])
        elif kind == "fail":
            room.fail(rest[0], identity=rest[1])
        else:
            found = [claim(number, who=who) for number, who in rest[1]]
            room.annotate(rest[0], *found, processor=rest[2], identity=rest[3])
    elif kind == "unknown":
        room.unknown()
    elif kind == "register":
        room.register(identity=rest[0])
    elif kind == "registry":
        sources = {"civil-protection": {"name": "Civil Protection", "reliability": rest[0]}}
        room.registry(
            sources=sources, outlets={"tna": {"name": "TNA", "host": "tna.example", "kind": "wire"}}
        )
    elif kind == "reject":
        room.reject(rest[0])
    elif kind == "undo":
        room.undo(rest[0])
    elif kind == "redact":
        redact(room, *rest)


def redact(room, number, with_body):
    """Redact an event, with its text if it has one."""
    position = 1 + number % max(1, room.store.head().position)
    stored = next(room.store.read(position - 1), None)
    if stored is None or stored.payload is None or stored.type == "payload.redacted":
        return
    event = decode(stored)
    key = getattr(getattr(event, "text", None), "key", None)
    if with_body and key:
        room.redact(positions=(position,), bodies=(key,))
    elif key and not with_body:
        room.redact(bodies=(key,))
    else:
        room.redact(positions=(position,))


@settings(max_examples=40, deadline=None)
@given(steps=st.lists(STEPS, min_size=4, max_size=24), size=st.sampled_from([1, 2, 3, 5000]))
def test_live_piecewise_rebuilt_and_fresh_views_are_the_same(newsroom, claim, steps, size):
    whole, folding.BATCH_EVENTS = folding.BATCH_EVENTS, size
    with tempfile.TemporaryDirectory() as folder:
        room = newsroom(Path(folder) / "home")
        try:
            live = room.views()
            for step in steps:
                record(room, claim, step)
                if step[0] == "catch_up":
                    live.catch_up(figures=step[1])
                elif step[0] == "rebuild":
                    live.rebuild(step[1])
            live.catch_up()
            kept = live.digests()
            folding.BATCH_EVENTS = whole
            fresh = room.views(Path(folder) / "fresh")
            fresh.catch_up()
            assert fresh.digests() == kept
            state = live.state()
            assert state == fresh.state()
            assert [row.slot for row in live.figures()] == [slot.id for slot in state.slots]
            live.rebuild()
            assert live.digests() == kept
            assert all(
                live.diff(one.name, one.generation, one.generation + 1).same
                for one in live.list()
                if one.state == "old"
            )
        finally:
            folding.BATCH_EVENTS = whole
            room.close()


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, min_size=4, max_size=16), cut=st.integers(1, 15))
def test_what_comes_later_never_changes_an_answer_about_the_past(newsroom, claim, steps, cut):
    """Unless a redaction removes it."""
    steps = [step for step in steps if step[0] not in ("redact", "rebuild")]
    with tempfile.TemporaryDirectory() as folder:
        room = newsroom(Path(folder) / "home")
        try:
            views = room.views()
            for step in steps[:cut]:
                record(room, claim, step)
            views.catch_up()
            then = room.clock.now()
            before = (views.state(then), views.reports(then), views.registry(then), views.reviews(then))
            room.clock.advance(1)
            for step in steps[cut:]:
                record(room, claim, step)
            views.catch_up()
            assert (
                views.state(then),
                views.reports(then),
                views.registry(then),
                views.reviews(then),
            ) == before
        finally:
            room.close()


def test_a_file_and_a_server_hold_the_same_rows(newsroom, claim, tmp_path):
    room = newsroom(tmp_path / "home")
    served = newsroom(tmp_path / "served", room.store, server=True)
    try:
        for number in range(6):
            room.article(f"a-{number % 4}", f"Text {number} with \u00e9 and \u4e2d", outlet="tna")
            room.annotate(f"a-{number % 4}", claim(40 + number, who="Civil Protection"))
        room.registry(sources={"civil-protection": {"name": "Civil Protection", "reliability": "B"}})
        room.reject()
        in_file, in_server = room.views(), served.views()
        in_file.catch_up()
        in_server.catch_up()
        assert in_server.digests() == in_file.digests()
        assert in_server.state() == in_file.state()
    finally:
        served.close()
