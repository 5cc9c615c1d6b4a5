"""Decisions as a desk takes them: previewed, recorded, listed, taken back; as commands too."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from ledger.cli.root import cli
from ledger.errors import NotFoundError, UsageError

WHO = {"by": "mira", "reason": "checked by telephone"}


@pytest.fixture
def desk(newsroom):
    newsroom.publish(7, "post", "one", "Some 40 people were killed in the Ilm valley, the coast guard said.")
    newsroom.publish(9, "daily", "two", "In the Ilm valley 90 people were killed, the Red Cross said.")
    newsroom.at(10)
    return newsroom


def decisions(ledger):
    reviews, slots = ledger.reviews, ledger.slots
    claim = next(each.document for each in ledger.state().get("dead").claims if each.outlet == "post")
    other = next(each.document for each in ledger.state().get("dead").claims if each.outlet == "daily")
    return {
        "reject": ("reject", reviews.target_of_reject("dead", "coast-guard")),
        "reject one": ("reject", reviews.target_of_reject("dead", claim=claim)),
        "reslot": ("reslot", reviews.target_of_reslot("dead", claim, "dead.town")),
        "reroot": ("reroot", reviews.target_of_reroot("dead", claim, "mayor")),
        "merge": ("merge-roots", reviews.target_of_merge("coast-guard", "red-cross")),
        "split": ("split-root", reviews.target_of_split("coast-guard", "harbour-police", outlet="post")),
        "grade": ("grade", reviews.target_of_grade("red-cross", "A")),
        "name": ("slot-name", slots.target_of_name("dead", "Dead in the flood")),
        "split slot": ("slot-split", slots.target_of_split("dead", "dead.town", article=other)),
    }


def fields(state):
    """What a reader sees of it, without the history, to which a decision and its undoing belong."""
    plain = [slot.to_dict() for slot in state.slots]
    for slot in plain:
        for name in ("figure_history", "transitions", "last_change"):
            del slot[name]
    return plain


@pytest.mark.parametrize(
    "name", ["reject", "reject one", "reslot", "reroot", "merge", "split", "grade", "name", "split slot"]
)
def test_what_the_preview_shows_is_what_is_recorded_and_undoing_gives_it_back(desk, name):
    ledger = desk.ledger
    before, head = fields(ledger.state()), ledger.store.head().position
    action, target = decisions(ledger)[name]
    effects = ledger.reviews.preview(action, target)
    assert effects
    assert ledger.store.head().position == head
    decision = ledger.reviews.desk.decide(action, target, **WHO)
    for effect in effects:
        found = ledger.state().get(effect.slot)
        if effect.after is None:
            assert found is None
        else:
            assert (found.best, found.roots, found.reports, found.slot.title) == (
                effect.after.best, effect.after.roots, effect.after.reports, effect.after.slot.title,
            )  # fmt: skip
    views = ledger.views
    assert [row.slot for row in views.figures()] == [slot.id for slot in ledger.state().slots]
    assert [(one.decision.id, one.status) for one in ledger.reviews.standing()] == [(decision, "in force")]
    assert {effect.slot for effect in ledger.reviews.preview_undo(decision)} == {
        effect.slot for effect in effects
    }
    desk.at(12)
    ledger.reviews.undo(decision, **WHO)
    assert fields(ledger.state()) == before
    assert ledger.reviews.standing()[0].status == "taken back"
    with pytest.raises(UsageError, match="already"):
        ledger.reviews.undo(decision, **WHO)


def test_views_hold_what_is_recomputed_whatever_was_decided(desk):
    ledger = desk.ledger
    for action, target in decisions(ledger).values():
        if action != "slot-split":
            ledger.reviews.desk.decide(action, target, **WHO)
    desk.publish(13, "post", "four", "Some 95 people were killed in the Ilm valley, the coast guard said.")
    digests = ledger.views.digests()
    ledger.views.rebuild()
    assert ledger.views.digests() == digests
    rows = {row.slot: json.loads(row.state)["best"] for row in ledger.views.figures()}
    assert rows.keys() == {slot.id for slot in ledger.state().slots}


def test_a_figure_that_was_discovered_is_pinned_and_released(newsroom):
    newsroom.publish(
        7, "post", "one", "Some 300 houses were destroyed in the Ilm valley, the coast guard said."
    )
    newsroom.at(8)
    ledger = newsroom.ledger
    (found,) = [slot for slot in ledger.state().slots if not slot.slot.declared]
    registry = ledger.sources.export()
    decision = ledger.slots.pin(found.id, **WHO)
    assert ledger.state().get(found.id).slot.declared
    assert found.id in ledger.sources.registry().slots
    newsroom.at(9)
    ledger.reviews.undo(decision, **WHO)
    assert json.loads(ledger.sources.export()) == json.loads(registry)
    assert not ledger.state().get(found.id).slot.declared


def test_two_figures_of_different_kinds_are_never_one(newsroom):
    newsroom.publish(
        7,
        "post",
        "one",
        "Some 40 people were killed in the Ilm valley and 12 are missing, the coast guard said.",
    )
    slots = [slot.id for slot in newsroom.ledger.state().slots]
    (missing,) = [slot for slot in slots if "missing" in slot]
    with pytest.raises(UsageError, match="kinds"):
        newsroom.ledger.slots.merge("dead", missing, **WHO)


def test_a_decision_needs_who_and_why(desk):
    for who in ({"by": "", "reason": "x"}, {"by": "mira", "reason": " "}):
        with pytest.raises(UsageError, match="who and why"):
            desk.ledger.reviews.grade(root="red-cross", grade="C", **who)


def test_what_is_not_there_is_named(desk):
    reviews = desk.ledger.reviews
    with pytest.raises(NotFoundError, match="coast-guard"):
        reviews.reject(slot="dead", root="nobody", **WHO)
    with pytest.raises(NotFoundError, match="a-"):
        reviews.accept(slot="dead", claim="a-000", **WHO)
    with pytest.raises(UsageError, match="one letter"):
        reviews.grade(root="red-cross", grade="Z", **WHO)
    with pytest.raises(NotFoundError, match="review list"):
        reviews.undo("r-99", **WHO)


def test_a_decision_whose_root_is_gone_is_orphaned(desk):
    ledger = desk.ledger
    ledger.reviews.reject(slot="dead", root="red-cross", **WHO)
    ledger.reviews.merge(root="red-cross", into="coast-guard", **WHO)
    assert [one.status for one in ledger.reviews.standing()] == ["orphaned", "in force"]
    assert "coast-guard" in ledger.state().get("dead").roots


def test_the_commands(desk, tmp_path):
    desk.ledger.views.close()

    def run(*words, code=0):
        done = CliRunner().invoke(cli, ["--home", str(tmp_path / "home"), *words], catch_exceptions=False)
        assert done.exit_code == code, done.output
        return done.output

    preview = run("review", "reject", "dead", "coast-guard", "--preview")
    assert "40-90 -> 90" in preview
    decision = json.loads(
        run("review", "reject", "dead", "coast-guard", "--by", "m", "--reason", "w", "--json")
    )
    assert "coast-guard" not in run("state", "dead")
    assert "in force" in run("review", "list")
    run("review", "undo", decision["decision"], "--by", "m", "--reason", "w")
    assert "taken back" in run("review", "list")
    named = run("slot", "name", "dead", "Dead in the flood", "--by", "m", "--reason", "w")
    assert "review undo s-1-" in named
    assert "Dead in the flood" in run("state", "--topic", "The flood")
    record = json.loads(run("sources", "record", "Red Cross", "--json"))
    assert (record["source"], record["figures"]) == ("red-cross", 1)
    assert next(iter(json.loads(run("alerts", "--json"))))["raised"]["kind"] == "first"
    assert "first figure, about 40" in run("watch", "--since", "0", "--once")
