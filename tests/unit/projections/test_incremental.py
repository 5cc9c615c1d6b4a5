"""Figures that are brought forward piece by piece are those that everything together gives, whatever came late or changed."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.events.types import ReviewDecided
from ledger.plugin import Claim, ClaimValue, Link, Notice, Span
from ledger.projections import instants as module
from ledger.projections import queries
from ledger.projections import views as views_module
from ledger.state import Evidence, SlotState, load_registry, reported_state, resolve

WIRES, PAPERS = ("tna", "nna"), ("vdt", "post", "view")
REGISTRY = {
    "sources": {
        "police": {"name": "Harbour Police", "reliability": "B"},
        "clinic": {"name": "City Clinic", "reliability": "C"},
    },
    "outlets": {
        **{key: {"name": key.upper(), "host": f"{key}.example", "kind": "wire"} for key in WIRES},
        **{key: {"name": f"The {key}", "host": f"{key}.example", "kind": "newspaper"} for key in PAPERS},
    },
}
BODY = (
    "Officers searched the northern quay through the night while relatives waited behind a barrier near the old "
    "customs house. {} The harbour master closed two berths and asked captains to wait outside the breakwater."
)
NAMES = [f"a-{n}" for n in range(7)]


def sentence(number, measure, who):
    return f"At least {number} people were {measure} when the ferry hit the pier, {who} said on Tuesday."


def said(number, measure, who, *, kind="organisation"):
    quote = sentence(number, measure, who)
    chain = (Link(actor=who, surface=who, kind=kind),) if who else ()
    return Claim(
        span=Span(0, len(quote)),
        quote=quote,
        subject="people",
        measure=measure,
        value=ClaimValue(op="exact", point=number),
        chain=chain,
    )


FIGURES = st.tuples(
    st.sampled_from([12, 14, 40]),
    st.sampled_from(["killed", "injured"]),
    st.sampled_from(
        [("Harbour Police", "organisation"), ("City Clinic", "organisation"), ("TNA", "outlet"), ("The post", "outlet"), ("", "")]
    ),
)  # fmt: skip
NOTICES = st.one_of(
    st.none(),
    st.builds(
        lambda kind, subject, old: Notice(
            span=Span(0, 5), quote="", kind=kind, subject=subject, old=tuple(old)
        ),
        st.sampled_from(["correction", "retraction", "wire-credit"]),
        st.sampled_from(
            ["", "TNA", "Ferry hits pier in a-1", "https://vdt.example/a-2", "ferry hits the pier"]
        ),
        st.lists(st.sampled_from([12, 14, 40]), max_size=1),
    ),
)
STEP = st.one_of(
    st.tuples(
        st.just("article"),
        st.sampled_from(NAMES),
        st.sampled_from(WIRES + PAPERS),
        st.booleans(),
        st.lists(FIGURES, min_size=1, max_size=2),
        NOTICES,
        st.integers(-3, 3),
    ),
    st.tuples(st.just("withdraw"), st.sampled_from(NAMES)),
    st.tuples(st.just("catch_up")),
    st.tuples(st.just("registry"), st.sampled_from("BF")),
    st.tuples(st.just("reject"), st.sampled_from(["r-1", "r-2"])),
    st.tuples(
        st.just("decide"),
        st.sampled_from(["r-1", "r-2", "r-3"]),
        st.sampled_from(
            [
                ("grade", {"root": "police", "grade": "F"}),
                ("merge-roots", {"root": "clinic", "into": "police"}),
                ("slot-merge", {"slot": "killed.people", "value": "injured.people"}),
                ("copy", {"article": "a-1", "of": "a-2"}),
            ]
        ),
    ),
    st.tuples(st.just("undo"), st.sampled_from(["r-1", "r-2", "r-3"])),
)


def record(room, outlets, step):
    kind, *rest = step
    if kind == "article":
        name, outlet, shared, found, notice, hours = rest
        outlet = outlets.setdefault(name, outlet)
        claims = [said(number, measure, who, kind=link) for number, measure, (who, link) in found]
        spoken = " ".join(each.quote for each in claims)
        when = room.clock.now() + timedelta(hours=hours)
        room.article(
            name,
            BODY.format(spoken) if shared else spoken,
            outlet=outlet,
            title=f"Ferry hits pier in {name}",
            published=when,
            p_time=when,
        )
        room.annotate(name, *map(msgspec.json.encode, [*claims, *([notice] if notice else [])]))
    elif kind == "withdraw" and rest[0] in room.versions:
        room.withdraw(rest[0])
    elif kind == "registry":
        table = {**REGISTRY, "sources": {"police": {"name": "Harbour Police", "reliability": rest[0]}}}
        room.registry(**table)
    elif kind == "reject":
        room.reject(rest[0], root="police")
    elif kind == "decide":
        action, target = rest[1]
        event = ReviewDecided(review=rest[0], action=action, target=target, by="mira", reason="seen")
        room.append(event, "reviews")
    elif kind == "undo":
        room.undo(rest[0])


def whole(views):
    """Everything computed at once from what was recorded."""
    registry = load_registry(views.registry() or b"{}")
    documents = resolve(views.reports(), registry)
    return reported_state(Evidence(documents), registry, reviews=views.state_reviews())


@settings(max_examples=60, deadline=None)
@given(
    steps=st.lists(STEP, min_size=3, max_size=18),
    size=st.sampled_from([(1, 1, 1, 1), (2, 3, 2, 2), (200, 4000, 64, 250)]),
)
def test_piecewise_figures_are_those_of_everything_at_once(newsroom, steps, size):
    usual = module._ARTICLES, module._CHANGES, module._SLOTS, module._AHEAD
    module._ARTICLES, module._CHANGES, module._SLOTS, module._AHEAD = size
    with tempfile.TemporaryDirectory() as folder:
        room, outlets = newsroom(Path(folder) / "home"), {}
        try:
            views = room.views()
            room.registry(**REGISTRY)
            for step in steps:
                record(room, outlets, step)
                if step[0] == "catch_up":
                    views.catch_up()
            views.catch_up()
            kept = [msgspec.json.decode(row.state, type=SlotState) for row in views.figures()]
            assert kept == list(whole(views).slots)
            assert views.state().slots == tuple(kept)
            module._ARTICLES, module._CHANGES, module._SLOTS, module._AHEAD = usual
            fresh = room.views(Path(folder) / "fresh")
            fresh.catch_up()
            assert fresh.digests() == views.digests()
        finally:
            module._ARTICLES, module._CHANGES, module._SLOTS, module._AHEAD = usual
            room.close()


@pytest.mark.parametrize("measure", ["killed", "injured"])
def test_a_cited_report_that_arrives_later_is_found_on_another_figure_too(room, measure):
    """Whoever cites an outlet's figure rests on the report that states it, whatever it counts there."""
    views = room.views()
    room.registry(**REGISTRY)
    record(room, {}, ("article", "a-1", "post", False, [(40, "killed", ("TNA", "outlet"))], None, 1))
    views.catch_up()
    record(
        room,
        {},
        ("article", "a-2", "tna", False, [(40, measure, ("Harbour Police", "organisation"))], None, 0),
    )
    views.catch_up()
    citing = next(
        claim
        for slot in views.state().slots
        for claim in msgspec.json.decode(
            next(row.state for row in views.figures() if row.slot == slot.id), type=SlotState
        ).claims
        if claim.document == "a-1"
    )
    assert citing.cites == "a-2"


def test_what_was_handled_is_not_looked_at_again_and_what_is_new_is(room, claim, monkeypatch):
    """The next look begins where nothing waited before, also in the next process; other processors look at everything."""
    monkeypatch.setattr(views_module, "_HANDLED", 1)
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(6):
        room.article(f"a-{number}")
        room.annotate(f"a-{number}", claim(40))
    first = room.views()
    first.catch_up()
    assert list(first.pending([("claims", "id-1")])) == []
    pages = []
    whole = queries.Reader._page
    monkeypatch.setattr(
        queries.Reader, "_page", lambda self, after: pages.append(after) or whole(self, after)
    )
    second = room.views()
    room.article("a-6")
    second.catch_up()
    assert [one.article for one in second.pending([("claims", "id-1")])] == ["a-6"]
    assert [one.article for one in second.pending([("claims", "id-1")])] == ["a-6"]
    assert min(pages) >= 10
    assert len(list(second.pending([("claims", "id-2")]))) == 7
    room.fail("a-6")
    second.catch_up()
    assert list(second.pending([("claims", "id-1")])) == []
    upto = room.store.head().position
    assert len(list(second.pending([("claims", "id-1")], retry_upto=upto))) == 1
