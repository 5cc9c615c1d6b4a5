"""From roots to best, low, high and dispute."""

from __future__ import annotations

import pytest

from ledger.errors import UsageError
from ledger.state import Value
from ledger.state.registry import Parameters


def approx(point):
    return Value(point, "approx")


def at_least(point):
    return Value(point, "min")


def test_most_support_wins_over_the_better_grade(story):
    story.tell("a", 1, story.claim("killed", 100, root="clinic"))
    story.tell("b", 2, story.claim("killed", 50, root="agency"))
    story.tell("c", 3, story.claim("killed", 52, root="mayor"))
    slot = story.ask("killed")
    assert (slot.best.point, slot.best_root) == (50, "agency")
    assert (slot.best_independent_roots, slot.independent_roots, slot.best_parties, slot.parties) == (
        2,
        3,
        2,
        3,
    )
    assert (slot.low, slot.high, slot.disputed) == (50, 100, True)


def test_sources_of_one_party_are_two_roots_and_one_party(story):
    story.tell("a", 1, story.claim("killed", 50))
    story.tell("b", 2, story.claim("killed", 50, root="ministry"))
    slot = story.ask("killed")
    assert (slot.independent_roots, slot.parties) == (2, 1)


def test_grade_then_modality_then_time_then_the_lower_figure_decide(story):
    story.tell("a", 1, story.claim("killed", 50, root="mayor"), story.claim("killed", 100, root="clinic"))
    assert story.ask("killed").best.point == 100
    story.tell(
        "a",
        2,
        story.claim("killed", 50, root="mayor", modality="possible"),
        story.claim("killed", 100, root="ministry"),
    )
    assert story.ask("killed").best.point == 100
    story.tell(
        "a",
        3,
        story.claim("killed", 50, root="mayor", said=2),
        story.claim("killed", 100, root="ministry", said=1),
    )
    assert story.ask("killed").best.point == 50
    story.tell(
        "a",
        4,
        story.claim("killed", 50, root="mayor", said=2),
        story.claim("killed", 100, root="ministry", said=2),
    )
    assert story.ask("killed").best.point == 50


def test_a_root_holds_what_it_said_last(story):
    story.tell("a", 1, story.claim("killed", 40))
    story.tell("b", 5, story.claim("killed", 57))
    story.tell("c", 9, story.claim("killed", 45, said=3))
    slot = story.ask("killed")
    assert (slot.best.point, slot.independent_roots, slot.reports) == (57, 1, 3)


def test_growth_explains_an_older_lower_figure_and_not_an_older_higher_one(story):
    story.tell("a", 0, story.claim("killed", 40, root="mayor"))
    story.tell("b", 0, story.claim("killed", 400, root="clinic"))
    story.tell("c", 48, story.claim("killed", 112))
    slot = story.ask("killed")
    assert slot.current_roots == ("agency", "clinic")
    assert (slot.low, slot.high, slot.disputed) == (112, 400, True)


def test_an_older_higher_figure_counts_only_inside_the_window_and_from_a_reliable_root(story):
    story.tell("a", 0, story.claim("killed", 400, root="clinic"))
    story.tell("b", 60, story.claim("killed", 900, root="blog"))
    story.tell("c", 100, story.claim("killed", 112))
    slot = story.ask("killed")
    assert (slot.current_roots, slot.roots) == (("agency",), ("agency", "blog", "clinic"))


def test_a_level_may_fall(story):
    story.tell("a", 0, story.claim("missing", 400, root="clinic"))
    story.tell("b", 13, story.claim("missing", 90))
    slot = story.ask("missing")
    assert (slot.best.point, slot.high, slot.current_roots) == (90, 90, ("agency",))


def test_unreliable_roots_make_nobody_stale(story):
    story.tell("a", 0, story.claim("killed", 40))
    story.tell("b", 90, story.claim("killed", 2000, root="blog"))
    slot = story.ask("killed")
    assert slot.current_roots == ("agency", "blog")
    assert (slot.best.point, slot.low, slot.high) == (40, 40, 2000)
    assert slot.latest.root == "blog"


def test_the_latest_figure_of_a_reliable_root_is_the_best_status(story):
    story.tell("a", 0, story.claim("dam", "intact"))
    story.tell("b", 5, story.claim("dam", "cracked", root="blog"))
    slot = story.ask("dam")
    assert (slot.best.point, slot.low, slot.high, slot.disputed) == ("intact", None, None, True)
    story.tell("c", 6, story.claim("dam", "cracked", root="mayor"))
    assert story.ask("dam").best.point == "cracked"


def test_all_roots_of_a_measurement_are_current(story):
    story.tell("a", 0, story.claim("shock", 6.8))
    story.tell("b", 500, story.claim("shock", 6.6, root="clinic"))
    slot = story.ask("shock")
    assert (slot.low, slot.high, slot.disputed) == (6.6, 6.8, True)


def test_a_lower_bound_gives_way_to_a_closed_figure_that_meets_it(story):
    story.tell("a", 0, story.claim("killed", at_least(40), root="clinic"))
    story.tell("b", 3, story.claim("killed", 57))
    slot = story.ask("killed")
    assert (slot.best.point, slot.low, slot.high, slot.high_open) == (57, 40, 57, False)


@pytest.mark.parametrize(("root", "said", "best"), [("blog", 3, 40), ("agency", -2, 40), ("agency", 0, 41)])
def test_only_a_later_reliable_figure_replaces_a_lower_bound(story, root, said, best):
    story.tell("a", 0, story.claim("killed", at_least(40), root="clinic"))
    story.tell("b", 3, story.claim("killed", 41, root=root, said=said))
    assert story.ask("killed").best.point == best


def test_bounds_come_from_what_is_stated(story):
    story.tell("a", 0, story.claim("killed", Value(30, "range", 30, 45)))
    story.tell("b", 0, story.claim("killed", Value(60, "max"), root="mayor"))
    slot = story.ask("killed")
    assert (slot.best.point, slot.best.hi, slot.low, slot.high) == (30, 45, 30, 60)
    story.tell("c", 0, story.claim("killed", at_least(60), root="clinic"))
    assert story.ask("killed").high_open


def test_only_an_upper_bound_leaves_low_open(story):
    story.tell("a", 0, story.claim("killed", Value(60, "max")))
    slot = story.ask("killed")
    assert (slot.best.point, slot.low, slot.high) == (60, None, 60)


def test_a_vague_figure_is_reported_and_never_best(story):
    story.tell("a", 0, story.claim("killed", Value(None, "vague", text="several hundred")))
    slot = story.ask("killed")
    assert (slot.best, slot.low, slot.vague, slot.independent_roots, slot.modality) == (
        None,
        None,
        "several hundred",
        1,
        None,
    )
    story.tell("b", 1, story.claim("killed", 300, root="mayor"))
    assert (story.ask("killed").best.point, story.ask("killed").disputed) == (300, False)


def test_the_strongest_supporter_gives_the_modality(story):
    story.tell("a", 0, story.claim("killed", 50, root="clinic", modality="possible"))
    story.tell("b", 0, story.claim("killed", 52, root="mayor", modality="probable"))
    slot = story.ask("killed")
    assert (slot.best_root, slot.modality) == ("clinic", "probable")


def test_a_denial_disputes_inside_the_window_and_also_after_the_anchor(story):
    story.tell("a", 100, story.claim("killed", 50))
    story.tell("b", 20, story.claim("killed", None, root="mayor", kind="denial"))
    assert not story.ask("killed").disputed
    story.tell("d", 50, story.claim("killed", None, root="clinic", kind="denial"))
    assert story.ask("killed").dispute.denied_by == ("clinic",)
    story.tell("d", 51)
    story.tell("c", 200, story.claim("killed", None, root="ministry", kind="denial"))
    slot = story.ask("killed")
    assert (slot.disputed, slot.dispute.denied_by) == (True, ("ministry",))


def test_the_parameters_are_those_of_the_registry_unless_given(story):
    story.tell("a", 0, story.claim("killed", 40, root="mayor"))
    story.tell("b", 48, story.claim("killed", 112))
    assert story.ask("killed").current_roots == ("agency",)
    wide = Parameters(fresh_days=3)
    assert story.ask("killed", parameters=wide).current_roots == ("agency", "mayor")


def test_a_policy_is_named(story):
    story.tell("a", 0, story.claim("killed", 40), story.claim("killed", 41, root="clinic"))
    story.tell("b", 5, story.claim("killed", 100, root="mayor"))
    assert story.ask("killed").best.point == 41
    assert story.ask("killed", policy="latest/1").best.point == 100
    with pytest.raises(UsageError, match="most-support/1"):
        story.ask("killed", policy="loudest/1")
