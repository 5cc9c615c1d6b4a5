"""What decisions of reviewers do to figures, to earlier answers, and to what is extracted anew."""

from __future__ import annotations

import msgspec
import pytest

from ledger.state import Evidence, Review, Slot, Value, reported_state
from ledger.state.decisions import ACTIONS, Decided, together


@pytest.fixture
def tale(story):
    claim = story.claim
    story.tell("daily", 1, claim("killed", 40, start=0, end=9, sentence="Agency: 40 dead."))
    story.tell("post", 2, claim("killed", 41, "mayor", start=0, end=9, sentence="Mayor: 41 dead."))
    story.tell("view", 3, claim("killed", 40, "daily", kind="derived", cites="daily", start=5, end=20))
    return story


def decide(story, action, hours=10.0, key="r1", **target):
    story.reviews.append(Review(id=key, at=story.at(hours), action=action, target=target))


def on(slot, article, version=1, start=0, end=9, **more):
    return {
        "slot": slot,
        "article": article,
        "version": str(version),
        "start": str(start),
        "end": str(end),
        **more,
    }


def test_one_claim_is_rejected_and_what_cites_it_dies_with_it(tale):
    decide(tale, "reject", **on("killed", "daily"))
    slot = tale.ask("killed")
    assert (slot.roots, slot.reports) == (("mayor",), 1)
    assert {(dead.doc, dead.why) for dead in slot.dead} == {
        ("daily", "rejected by review"),
        ("view", "what it cites is dead"),
    }
    assert next(each for each in slot.claims if each.document == "daily").decided == ("r1",)


def test_a_claim_moves_to_another_figure(tale):
    decide(tale, "reslot", **on("killed", "post", to="injured"))
    state = reported_state(tale.documents.values(), tale.registry, reviews=tale.reviews)
    assert [each.id for each in state.slots] == ["injured", "killed"]
    assert (state.get("killed").roots, state.get("injured").roots) == (("agency",), ("mayor",))
    assert state.get("injured").slot.kind == "cumulative"


def test_a_claim_gets_another_root(tale):
    decide(tale, "reroot", **on("killed", "view", start=5, end=20, to="clinic"))
    slot = tale.ask("killed")
    assert slot.roots == ("agency", "clinic", "mayor")
    assert slot.best_independent_roots == 3


def test_two_roots_become_one_and_one_becomes_two(tale):
    decide(tale, "merge-roots", root="mayor", into="agency")
    assert tale.ask("killed").roots == ("agency",)
    decide(tale, "split-root", hours=11, key="r2", root="agency", to="town-hall", article="post")
    assert tale.ask("killed").roots == ("agency", "town-hall")


def test_a_grade_decides_which_figure_is_best(story):
    story.tell("a", 1, story.claim("killed", 40, "ministry"))
    story.tell("b", 1, story.claim("killed", 90, "mayor"))
    assert story.ask("killed").best.point == 40
    decide(story, "grade", root="mayor", grade="A")
    assert story.ask("killed").best.point == 90
    assert story.ask("killed", recorded_as_of=story.at(9)).best.point == 40


def test_a_copy_adds_no_root_and_keeps_a_changed_figure(tale):
    tale.tell("free", 4, tale.claim("killed", 40, "witness"), tale.claim("missing", 7, "witness"))
    tale.tell("daily", 5, tale.claim("killed", 40), tale.claim("missing", 9))
    assert "witness" in tale.ask("killed").roots
    decide(tale, "copy", article="free", of="daily")
    assert tale.ask("killed").roots == ("agency", "mayor")
    assert "witness" in tale.ask("missing").roots


def test_figures_are_named_merged_and_split(tale):
    tale.tell("late", 4, tale.claim("dead", 43, "clinic", definition=Slot(id="dead", declared=False)))
    decide(tale, "slot-merge", slot="dead", value="killed")
    decide(tale, "slot-name", key="r2", slot="killed", value="Dead in the valley")
    decide(tale, "slot-split", key="r3", slot="killed", value="killed.town", root="mayor")
    state = reported_state(tale.documents.values(), tale.registry, reviews=tale.reviews)
    assert [each.id for each in state.slots] == ["killed", "killed.town"]
    assert (state.get("killed").roots, state.get("killed").slot.title) == (
        ("agency", "clinic"),
        "Dead in the valley",
    )
    assert state.get("killed.town").roots == ("mayor",)


EVERY = {
    "accept": on("killed", "daily"),
    "reject": on("killed", "daily"),
    "reslot": on("killed", "post", to="injured"),
    "reroot": on("killed", "post", to="clinic"),
    "merge-roots": {"root": "mayor", "into": "agency"},
    "split-root": {"root": "agency", "to": "other", "slot": "killed"},
    "grade": {"root": "mayor", "grade": "F"},
    "copy": {"article": "post", "of": "daily"},
    "slot-name": {"slot": "killed", "value": "Dead"},
    "slot-pin": {"slot": "killed", "value": "{}"},
    "slot-merge": {"slot": "killed", "value": "missing"},
    "slot-split": {"slot": "killed", "value": "killed.town", "root": "mayor"},
}


def test_every_action_is_tried_here():
    assert EVERY.keys() == ACTIONS.keys()


@pytest.mark.parametrize("action", EVERY)
def test_undone_decisions_leave_nothing_behind_and_older_answers_never_change(tale, action):
    def ask(**options):
        return reported_state(tale.documents.values(), tale.registry, reviews=tale.reviews, **options)

    plain, then = ask(history=False), ask(recorded_as_of=tale.at(9))
    decide(tale, action, **EVERY[action])
    assert ask(recorded_as_of=tale.at(9)) == then
    tale.undo("r9", 20, "r1")
    assert ask(history=False) == plain
    assert ask(recorded_as_of=tale.at(9)) == then


@pytest.mark.parametrize("action", EVERY)
def test_some_slots_alone_read_as_they_do_among_all(tale, action):
    tale.tell("other", 4, tale.claim("missing", 7))
    decide(tale, action, **EVERY[action])
    whole = reported_state(tale.documents.values(), tale.registry, reviews=tale.reviews)
    some = reported_state(tale.documents.values(), tale.registry, reviews=tale.reviews, slots={"killed"})
    assert [each for each in some.slots if each != whole.get(each.id)] == []
    assert {each.id for each in some.slots} == together({"killed"}, tale.reviews) & {
        each.id for each in whole.slots
    }


@pytest.mark.parametrize(
    "changed",
    [
        {"start": 1},
        {"end": 12},
        {"slot": "missing"},
    ],
)
def test_what_is_extracted_anew_elsewhere_orphans_the_decision_and_never_takes_it_over(tale, changed):
    decide(tale, "reject", **on("killed", "daily"))
    matched = Decided(Evidence(tale.documents.values()), tale.registry, tale.reviews).at(None).matched
    assert matched == {"r1"}
    old = tale.documents["daily"]
    claims = tuple(msgspec.structs.replace(claim, **changed) for claim in old.versions[0].claims)
    version = msgspec.structs.replace(old.versions[0], claims=claims)
    tale.documents["daily"] = msgspec.structs.replace(old, versions=(version,))
    assert Decided(Evidence(tale.documents.values()), tale.registry, tale.reviews).at(None).matched == set()
    assert "agency" in {root for slot in ("killed", "missing") for root in _roots(tale, slot)}


def _roots(story, slot):
    found = reported_state(story.documents.values(), story.registry, reviews=story.reviews).get(slot)
    return found.roots if found is not None else ()


def test_what_is_extracted_anew_with_another_value_keeps_the_decision(tale):
    decide(tale, "reject", **on("killed", "daily"))
    tale.documents["daily"] = msgspec.structs.replace(
        tale.documents["daily"],
        versions=tuple(
            msgspec.structs.replace(
                each, claims=tuple(msgspec.structs.replace(claim, value=Value(400)) for claim in each.claims)
            )
            for each in tale.documents["daily"].versions
        ),
    )
    assert tale.ask("killed").roots == ("mayor",)


def test_a_decision_about_one_version_does_not_reach_the_next(tale):
    decide(tale, "reject", **on("killed", "daily"))
    tale.tell("daily", 12, tale.claim("killed", 44, start=0, end=9))
    assert "agency" in tale.ask("killed").roots


def test_decisions_act_in_the_order_in_which_they_were_taken(tale):
    decide(tale, "slot-merge", slot="killed", value="missing")
    decide(tale, "reslot", hours=11, key="r2", **on("missing", "post", to="injured"))
    state = reported_state(tale.documents.values(), tale.registry, reviews=tale.reviews)
    assert [each.id for each in state.slots] == ["injured", "missing"]


def test_the_history_shows_when_a_decision_moved_the_figure(tale):
    decide(tale, "reject", **on("killed", "daily"))
    tale.undo("r2", 20, "r1")
    steps = {step.recorded_at: step.best_independent_roots for step in tale.ask("killed").figure_history}
    assert (steps[tale.at(10)], steps[tale.at(20)]) == (1, 2)
