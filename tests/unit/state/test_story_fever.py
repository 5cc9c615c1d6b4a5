"""A fever in an invented town: loops, echoes of echoes, a restatement, a silent edit and a review, worked out by hand."""

from __future__ import annotations

import pytest

from ledger.state import Registry, Slot
from ledger.state.registry import Parameters, Source, Topic

LOOP = "circular:a+b+c"


@pytest.fixture
def fever(story):
    story.registry = Registry(
        sources={
            "health": Source(party="state", reliability="B"),
            "doctors": Source(party="doctors", reliability="C"),
        },
        slots={
            "cases": Slot(id="cases"),
            "week": Slot(id="week", kind="increment", period="2031-W18"),
            "beds": Slot(id="beds", kind="level"),
        },
        topics={"town": Topic(title="Town", slots=("b*",), parameters={"level_fresh_days": 0.1})},
        parameters=Parameters(window_days=4, fresh_days=2),
    )
    claim = story.claim
    for key, hour, other, modality in (
        ("a", 1, "b", "asserted"),
        ("b", 2, "c", "asserted"),
        ("c", 3, "a", "possible"),
    ):
        story.tell(key, hour, claim("cases", 100, other, kind="derived", cites=other, modality=modality))
    story.tell("d", 4, claim("cases", 105, "c", kind="derived", cites="c"))
    story.tell("e", 5, claim("cases", 98, "e", kind="echo"))
    story.tell("j", 10, claim("beds", 500, "health"))
    story.tell("j", 20, claim("beds", 450, "health"))
    story.tell("n", 19, claim("beds", 300, "doctors"), claim("week", 40, "doctors"))
    story.tell("f", 30, claim("cases", 60, "health"))
    story.tell("g", 60, claim("cases", 60, "health", kind="background", said=30))
    story.tell("k", 61, claim("cases", 61, "k", kind="echo"))
    story.tell("l", 62, claim("cases", 66, None, kind="echo"))
    story.tell("f", 70, status="retracted")
    return story


def test_outlets_that_cite_each_other_in_a_ring_are_one_root_of_the_lowest_grade(fever):
    cases = fever.ask("cases", recorded_as_of=fever.at(6))
    assert (cases.roots, cases.circular, cases.figures[0].grade) == ((LOOP,), True, "F")
    assert (cases.best.point, cases.modality, cases.latest.said_at) == (100, "possible", fever.at(3))
    assert (cases.reports, cases.best_reports, cases.independent_roots, cases.parties) == (5, 5, 1, 1)
    assert next(each for each in cases.claims if each.document == "e").value.point == 105


def test_a_reliable_root_comes_before_the_ring_that_disputes_it(fever):
    cases = fever.ask("cases", recorded_as_of=fever.at(35))
    assert (cases.best.point, cases.best_root, cases.low, cases.high) == (60, "health", 60, 100)
    assert cases.dispute.figures == ((LOOP, "health"),)


def test_a_rejected_ring_dies_with_all_that_cites_and_echoes_it_until_that_is_undone(fever):
    fever.reject("r1", 40, "cases", LOOP)
    fever.undo("r2", 50, "r1")
    during = fever.ask("cases", recorded_as_of=fever.at(45))
    assert (during.roots, during.reports, during.disputed, len(during.dead)) == (("health",), 1, False, 5)
    after = fever.ask("cases", recorded_as_of=fever.at(55))
    assert after.to_dict()["claims"] == fever.ask("cases", recorded_as_of=fever.at(35)).to_dict()["claims"]
    times = [step.recorded_at for step in after.figure_history]
    assert times[-2:] == [fever.at(40), fever.at(50)]


def test_a_restatement_moves_nothing_and_echoes_follow_it(fever):
    cases = fever.ask("cases", recorded_as_of=fever.at(65))
    assert (cases.best.point, cases.latest.said_at, cases.independent_roots) == (60, fever.at(30), 2)
    assert (cases.reports, cases.best_reports) == (9, 4)
    taken = {each.document: each.value.point for each in cases.claims}
    assert (taken["k"], taken["l"]) == (60, 60)


def test_a_restatement_holds_the_figure_when_the_report_that_it_restates_is_retracted(fever):
    cases = fever.ask("cases")
    assert (cases.best.point, cases.best_root, cases.reports) == (60, "health", 8)
    assert [each.reason for each in cases.claims if each.document == "f"] == ["document retracted"]


def test_a_silent_edit_counts_from_the_poll_that_saw_it(fever):
    assert fever.ask("beds", recorded_as_of=fever.at(15)).best.point == 500
    assert fever.ask("beds", published_as_of=fever.at(15)).best.point == 500
    beds = fever.ask("beds")
    assert (beds.best.point, beds.last_change) == (450, fever.at(20))
    assert beds.current_roots == ("doctors", "health")


def test_a_topic_has_parameters_of_its_own(fever):
    fever.registry = Registry(
        sources=fever.registry.sources,
        slots=fever.registry.slots,
        topics={"town": Topic(slots=("b*",), parameters={"level_fresh_days": 0.01})},
        parameters=fever.registry.parameters,
    )
    assert fever.ask("beds").current_roots == ("health",)
    assert fever.ask("week").current_roots == ("doctors",)
