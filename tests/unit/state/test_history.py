"""When a figure moved, first seen, late arrivals, and the decisions of reviewers."""

from __future__ import annotations


def test_history_lists_only_the_polls_at_which_the_reading_changed(story):
    story.tell("a", 0, story.claim("killed", 40), recorded=1)
    story.tell("b", 2, story.claim("killed", 40), recorded=3)
    story.tell("c", 4, story.claim("killed", 57), recorded=5)
    slot = story.ask("killed")
    assert [(change.recorded_at, change.best.point) for change in slot.figure_history] == [
        (story.at(1), 40),
        (story.at(5), 57),
    ]
    assert slot.last_change == story.at(5)


def test_a_figure_that_goes_leaves_an_empty_entry(story):
    story.tell("a", 0, story.claim("killed", 40))
    story.tell("a", 9, status="retracted")
    last = story.ask("killed").figure_history[-1]
    assert (last.recorded_at, last.best, last.best_independent_roots) == (story.at(9), None, 0)


def test_the_arrival_of_the_cited_document_is_a_change_of_the_citing_slot(story):
    story.tell("blog", 2, story.claim("killed", 40, root="daily", kind="derived", cites="daily"))
    story.tell("daily", 1, story.claim("missing", 40), recorded=30)
    slot = story.ask("killed")
    assert slot.last_change == story.at(30)
    assert slot.best is None


def test_a_late_arrival_counts_from_its_own_times(story):
    story.tell("a", 10, story.claim("killed", 40), recorded=10)
    story.tell("b", 5, story.claim("killed", 40, root="clinic"), recorded=50)
    early, now = story.ask("killed", recorded_as_of=story.at(20)), story.ask("killed")
    assert (early.first_seen, now.first_seen) == (story.at(10), story.at(5))
    assert (now.first_outlet, now.last_change) == ("b", story.at(50))
    assert story.ask("killed", published_as_of=story.at(7)).roots == ("clinic",)


def test_first_seen_is_the_first_version_that_carries_the_claim(story):
    story.tell("a", 1, story.claim("killed", 40), story.claim("missing", 7))
    story.tell("a", 5, story.claim("killed", 57), story.claim("missing", 7))
    assert story.ask("missing").first_seen == story.at(1)
    assert story.ask("killed").best_first_seen == story.at(5)


def test_a_rejected_root_is_gone_from_its_decision_on_until_it_is_undone(story):
    story.tell("a", 0, story.claim("killed", 40))
    story.tell("b", 1, story.claim("killed", 41, root="clinic"))
    story.reject("r1", 10, "killed", "clinic")
    story.undo("r2", 20, "r1")
    at = [story.ask("killed", recorded_as_of=story.at(hours)).roots for hours in (5, 15, 25)]
    assert at == [("agency", "clinic"), ("agency",), ("agency", "clinic")]
    dead = story.ask("killed", recorded_as_of=story.at(15)).dead
    assert [(each.doc, each.why) for each in dead] == [("b", "rejected by review")]


def test_an_undone_undo_undoes_nothing(story):
    story.tell("a", 0, story.claim("killed", 40))
    story.reject("r1", 10, "killed", "agency")
    story.undo("r2", 20, "r1")
    story.undo("r3", 30, "r2")
    assert story.ask("killed").roots == ()


def test_a_decision_about_one_slot_leaves_the_others_alone(story):
    story.tell("a", 0, story.claim("killed", 40), story.claim("missing", 7))
    story.reject("r1", 10, "killed", "agency")
    assert story.ask("missing").roots == ("agency",)


def test_a_decision_between_polls_is_dated_by_the_poll_that_sees_it_where_polls_are_known(story):
    story.tell("a", 0, story.claim("killed", 40))
    story.reject("r1", 10, "killed", "agency")
    assert story.ask("killed").last_change == story.at(10)
    assert story.ask("killed", polls=[story.at(0), story.at(24)]).last_change == story.at(24)
    assert story.ask("killed", polls=[story.at(0)]).last_change == story.at(0)
