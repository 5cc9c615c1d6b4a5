"""A ferry burns off an invented coast: what the rules give, worked out by hand, at eight moments.

Parameters differ from the usual ones: what is near is within a fifth, "about" is a twentieth either way, counts stay fresh
for twelve hours and levels for six.
"""

from __future__ import annotations

import pytest

from ledger.state import Registry, Slot, Value
from ledger.state.registry import Parameters, Source

MIN_10, ABOUT_100 = Value(10, "min"), Value(100, "approx")


@pytest.fixture
def ferry(story):
    story.registry = Registry(
        sources={
            "coastguard": Source(party="state", reliability="A"),
            "hospital": Source(party="health", reliability="B"),
            "union": Source(party="crew", reliability="C"),
            "operator": Source(party="company", reliability="D"),
        },
        slots={
            "dead": Slot(id="dead"),
            "missing": Slot(id="missing", kind="level"),
            "aboard": Slot(id="aboard", kind="measurement", tolerance=5),
            "ship": Slot(id="ship", kind="status"),
        },
        parameters=Parameters(
            window_days=2,
            fresh_days=0.5,
            status_fresh_days=1,
            level_fresh_days=0.25,
            tolerance=0.2,
            approx=0.05,
        ),
    )
    claim = story.claim
    story.tell(
        "w1",
        1,
        claim("dead", MIN_10, "coastguard"),
        claim("missing", ABOUT_100, "coastguard"),
        claim("aboard", 240, "coastguard"),
        claim("ship", "afloat", "coastguard"),
        outlet="wire",
    )
    copied = {"kind": "wire", "cites": "w1"}
    story.tell(
        "p1",
        2,
        claim("dead", MIN_10, "coastguard", **copied),
        claim("missing", ABOUT_100, "coastguard", **copied),
        outlet="post",
    )
    story.tell("g1", 3, claim("dead", 12, "gull", kind="echo"), outlet="gull")
    story.tell("e1", 4, claim("dead", 30, None, kind="echo"), outlet="evening")
    story.tell("late", 5, claim("dead", 13, "coastguard"), outlet="harbour", recorded=30)
    story.tell("p2", 6, claim("dead", 25, "hospital"), claim("missing", 60, "operator"), outlet="post")
    story.tell(
        "h1",
        8,
        claim("dead", 26, "gull", kind="derived", cites="g1"),
        claim("missing", 60, "post", kind="derived", cites="p2"),
        outlet="harbour",
    )
    story.tell(
        "w2",
        10,
        claim("dead", MIN_10, "coastguard", said=1),
        claim("missing", ABOUT_100, "coastguard", said=1),
        claim("aboard", 236, "coastguard"),
        outlet="wire",
        corrects="w1",
    )
    story.tell("w3", 11, claim("dead", MIN_10, "coastguard", said=1), outlet="wire", corrects="w1")
    story.tell("p3", 13, claim("ship", "sunk", "union"), outlet="post")
    story.tell("e2", 14, claim("ship", "sunk", None, kind="echo"), outlet="evening")
    story.tell("g2", 15, claim("ship", "aground", "gull", kind="echo"), outlet="gull")
    story.tell("p4", 16, claim("ship", None, "operator", kind="denial"), outlet="post")
    story.tell("p5", 20, claim("aboard", 239, "operator"), outlet="post")
    story.tell("g3", 21, claim("aboard", 250, "unnamed:company official"), outlet="gull")
    story.tell("e3", 22, claim("aboard", 251, "unnamed:company official"), outlet="evening")
    return story


def reasons(slot):
    return {(dead.doc, dead.why) for dead in slot.dead}


def test_the_first_hours_four_reports_and_one_root(ferry):
    dead = ferry.ask("dead", recorded_as_of=ferry.at(5))
    assert (dead.best, dead.low, dead.high, dead.high_open) == (MIN_10, 10, 10, True)
    assert (dead.reports, dead.best_reports, dead.roots) == (4, 3, ("coastguard",))
    assert dead.best_first_outlet == "wire"


def test_a_closed_figure_takes_the_place_of_the_bound_that_it_meets(ferry):
    dead = ferry.ask("dead", recorded_as_of=ferry.at(7))
    assert (dead.best.point, dead.best_root) == (25, "hospital")
    assert (dead.low, dead.high, dead.high_open, dead.disputed) == (10, 25, False, False)
    assert (dead.best_independent_roots, dead.independent_roots, dead.reports) == (1, 2, 5)


def test_of_a_level_the_latest_counts_and_the_older_one_disputes_it_while_fresh(ferry):
    missing = ferry.ask("missing", recorded_as_of=ferry.at(7))
    assert (missing.best.point, missing.low, missing.high) == (60, 60, 100)
    assert missing.dispute.figures == (("coastguard", "operator"),)


def test_a_citation_of_another_figure_is_a_misquote(ferry):
    assert ("h1", "misquote: the cited document does not say this") in reasons(ferry.ask("dead"))
    assert ferry.ask("missing", recorded_as_of=ferry.at(9)).reports == 4


def test_each_correction_item_ends_what_it_does_not_repeat(ferry):
    assert reasons(ferry.ask("aboard", recorded_as_of=ferry.at(10))) == {("w1", "corrected by w2")}
    afloat = ferry.ask("ship", recorded_as_of=ferry.at(12))
    assert (afloat.best, afloat.reports, reasons(afloat)) == (None, 0, {("w1", "corrected by w2")})
    early, late = (ferry.ask("missing", recorded_as_of=ferry.at(hour)) for hour in (10.5, 12))
    assert (early.independent_roots, early.reports) == (2, 5)
    assert (late.roots, late.disputed, late.reports) == (
        ("coastguard", "operator"),
        True,
        3,
    )  # the item says it too
    assert {document for document, _ in reasons(late)} == {"w1", "p1"}


def test_a_status_is_what_a_reliable_root_said_last_whatever_a_blog_says_later(ferry):
    ship = ferry.ask("ship", recorded_as_of=ferry.at(15))
    assert (ship.best.point, ship.best_root, ship.latest.value.point) == ("sunk", "union", "aground")
    assert (ship.low, ship.high, ship.reports, ship.roots) == (None, None, 3, ("gull", "union"))
    assert ship.dispute.figures == (("gull", "union"),)
    assert ferry.ask("ship").dispute.denied_by == ("operator",)


def test_measurements_agree_within_their_tolerance_and_unnamed_sources_are_one(ferry):
    aboard = ferry.ask("aboard")
    assert (aboard.best.point, aboard.best_root, aboard.low, aboard.high) == (236, "coastguard", 236, 251)
    assert (aboard.best_roots, aboard.independent_roots) == (("coastguard", "operator"), 3)
    assert (aboard.best_parties, aboard.parties, aboard.reports) == (2, 3, 4)
    assert aboard.disputed


def test_a_report_that_came_late_changes_what_is_known_now_and_nothing_that_was_known_then(ferry):
    before = ferry.ask("dead", recorded_as_of=ferry.at(29))
    assert (before.best.point, before.disputed) == (25, False)
    now = ferry.ask("dead")
    assert (now.best.point, now.best_root, now.low, now.high, now.disputed) == (
        13,
        "coastguard",
        13,
        25,
        True,
    )
    assert (now.reports, now.last_change) == (8, ferry.at(30))
    then = ferry.ask("dead", published_as_of=ferry.at(5.5))
    assert (then.best.point, then.reports) == (13, 5)
