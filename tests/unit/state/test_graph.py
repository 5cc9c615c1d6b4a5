"""Who cites whom: citations, misquotes, loops, echoes, backgrounds, corrections, retractions."""

from __future__ import annotations

import pytest

from ledger.state import Value


def reason(slot, document):
    return next(dead.why for dead in slot.dead if dead.doc == document)


def test_a_citing_claim_inherits_the_root_and_moves_nothing(story):
    story.tell("daily", 1, story.claim("killed", 40))
    story.tell("blog", 9, story.claim("killed", 41, root="daily", kind="derived", cites="daily"))
    slot = story.ask("killed")
    assert (slot.best.point, slot.roots, slot.reports) == (40, ("agency",), 2)
    assert slot.latest.said_at == story.at(1)


def test_of_several_claims_the_nearest_value_is_the_one_cited(story):
    story.tell("daily", 1, story.claim("killed", 40), story.claim("killed", 43, root="mayor"))
    story.tell("blog", 2, story.claim("killed", 42, root="daily", kind="derived", cites="daily"))
    cited = next(claim for claim in story.ask("killed").claims if claim.document == "blog")
    assert cited.root == "mayor"


def test_a_citation_of_something_else_is_a_dead_misquote(story):
    story.tell("daily", 1, story.claim("killed", 40))
    story.tell("blog", 2, story.claim("killed", 400, root="daily", kind="derived", cites="daily"))
    slot = story.ask("killed")
    assert (slot.high, slot.reports) == (40, 1)
    assert reason(slot, "blog").startswith("misquote")


def test_a_vague_citation_matches_every_value(story):
    story.tell("daily", 1, story.claim("killed", 40))
    dozens = Value(None, "vague", text="dozens")
    story.tell("blog", 2, story.claim("killed", dozens, root="daily", kind="derived", cites="daily"))
    slot = story.ask("killed")
    assert (slot.reports, slot.independent_roots, slot.dead) == (2, 1, ())


def test_the_chain_stands_while_the_cited_document_is_not_in_the_ledger(story):
    story.tell("daily", 1, story.claim("killed", 50), recorded=30)
    story.tell("blog", 2, story.claim("killed", 40, root="mayor", kind="derived", cites="daily"))
    early = story.ask("killed", recorded_as_of=story.at(10))
    assert (early.best.point, early.roots) == (40, ("mayor",))
    assert story.ask("killed").roots == ("agency",)


def test_the_cited_document_is_the_outlets_latest_before_else_the_earliest_after(story):
    story.tell("d1", 1, story.claim("killed", 40), outlet="daily")
    story.tell("d2", 5, story.claim("killed", 60), outlet="daily")
    story.tell("d3", 20, story.claim("killed", 40), outlet="daily")
    story.tell("blog", 9, story.claim("killed", 60, root="daily", kind="derived", cites_outlet="daily"))
    story.tell("vlog", 0, story.claim("killed", 40, root="daily", kind="derived", cites_outlet="daily"))
    cites = {claim.document: claim.cites for claim in story.ask("killed").claims}
    assert (cites["blog"], cites["vlog"]) == ("d2", "d1")


def test_only_documents_recorded_so_far_can_be_the_cited_one(story):
    story.tell("d1", 1, story.claim("killed", 40), outlet="daily")
    story.tell("d2", 5, story.claim("killed", 60), outlet="daily", recorded=30)
    story.tell("blog", 9, story.claim("killed", 60, root="daily", kind="derived", cites_outlet="daily"))
    assert reason(story.ask("killed", recorded_as_of=story.at(20)), "blog").startswith("misquote")
    assert story.ask("killed").dead == ()


def test_an_outlet_that_says_the_figure_of_something_else_was_misquoted(story):
    story.tell("daily", 1, story.claim("missing", 95))
    story.tell("blog", 2, story.claim("killed", 95, root="daily", kind="derived", cites_outlet="daily"))
    slot = story.ask("killed")
    assert slot.best is None
    assert reason(slot, "blog").startswith("misquote")


def test_what_cites_a_withdrawn_figure_dies_with_it(story):
    story.tell("daily", 1, story.claim("killed", 40))
    story.tell("blog", 2, story.claim("killed", 40, root="daily", kind="derived", cites="daily"))
    story.tell("daily", 3, story.claim("killed", 4))
    slot = story.ask("killed")
    assert (slot.best.point, slot.reports) == (4, 1)
    assert reason(slot, "blog") == "what it cites is dead"


def test_a_retracted_document_takes_its_copies_along(story):
    story.tell("wire", 1, story.claim("killed", 40))
    story.tell("daily", 2, story.claim("killed", 40, kind="wire", cites="wire"))
    story.tell("wire", 5, status="retracted")
    slot = story.ask("killed")
    assert (slot.best, slot.reports) == (None, 0)
    assert story.ask("killed", recorded_as_of=story.at(4)).reports == 2
    assert story.ask("killed", published_as_of=story.at(4)).reports == 2


def test_outlets_that_cite_only_each_other_are_one_circular_root(story):
    story.tell(
        "a", 1, story.claim("dam", "cracked", root="b", kind="derived", cites="b", modality="asserted")
    )
    story.tell(
        "b", 2, story.claim("dam", "cracked", root="a", kind="derived", cites="a", modality="possible")
    )
    story.tell("c", 3, story.claim("dam", "cracked", root="a", kind="derived", cites="a"))
    slot = story.ask("dam")
    assert slot.roots == ("circular:a+b",)
    assert (slot.circular, slot.reports, slot.parties, slot.modality) == (True, 3, 1, "possible")
    assert slot.latest.said_at == story.at(2)
    assert slot.figures[0].grade == "F"


def test_a_loop_of_three_with_a_way_out_is_none(story):
    story.tell("x", 0, story.claim("killed", 40))
    story.tell("a", 1, story.claim("killed", 40, root="b", kind="derived", cites="b"))
    story.tell("b", 2, story.claim("killed", 40, root="c", kind="derived", cites="c"))
    story.tell(
        "c",
        3,
        story.claim("killed", 40, root="a", kind="derived", cites="a"),
        story.claim("killed", 41, root="x", kind="derived", cites="x"),
    )
    slot = story.ask("killed")
    assert (slot.roots, slot.circular, slot.reports) == (("agency",), False, 4)


def test_rejecting_the_way_out_takes_the_whole_group(story):
    test_a_loop_of_three_with_a_way_out_is_none(story)
    story.reject("r", 9, "killed", "agency")
    slot = story.ask("killed")
    assert (slot.roots, slot.best) == ((), None)


def test_a_circular_root_can_be_rejected(story):
    story.tell("a", 1, story.claim("dam", "cracked", root="b", kind="derived", cites="b"))
    story.tell("b", 2, story.claim("dam", "cracked", root="a", kind="derived", cites="a"))
    story.tell("c", 3, story.claim("dam", "cracked", root=None, kind="echo"))
    story.reject("r", 9, "dam", "circular:a+b")
    slot = story.ask("dam")
    assert (slot.roots, slot.reports) == ((), 0)
    assert {dead.doc for dead in slot.dead} == {"a", "b", "c"}


def test_an_echo_adds_a_report_and_takes_the_value_of_what_it_echoes(story):
    story.tell("daily", 1, story.claim("killed", 41))
    story.tell("blog", 2, story.claim("killed", Value(40, "approx"), root=None, kind="echo"))
    slot = story.ask("killed")
    assert (slot.reports, slot.roots, slot.best_reports) == (2, ("agency",), 2)
    echo = next(claim for claim in slot.claims if claim.document == "blog")
    assert (echo.value.point, echo.stated.point, echo.model) == (41, 40, "daily")


def test_an_echo_follows_the_latest_of_several_models(story):
    story.tell("one", 1, story.claim("killed", 40))
    story.tell("two", 2, story.claim("killed", 42, root="mayor"))
    story.tell("blog", 3, story.claim("killed", 41, root="blog", kind="echo"))
    assert next(claim for claim in story.ask("killed").claims if claim.document == "blog").model == "two"
    story.tell("two", 5, status="retracted")
    assert next(claim for claim in story.ask("killed").claims if claim.document == "blog").model == "one"


def test_an_echo_dies_with_its_model_and_never_becomes_a_root(story):
    story.tell("daily", 1, story.claim("killed", 40))
    story.tell("blog", 2, story.claim("killed", 40, root="blog", kind="echo"))
    story.tell("daily", 3, status="retracted")
    slot = story.ask("killed")
    assert (slot.roots, slot.reports) == ((), 0)
    assert reason(slot, "blog") == "what it echoes is dead"


def test_a_rejected_model_takes_its_echo_along_unless_another_root_says_the_same(story):
    story.tell("daily", 1, story.claim("killed", 40))
    story.tell("blog", 2, story.claim("killed", 40, root="blog", kind="echo"))
    story.reject("r", 9, "killed", "agency")
    assert story.ask("killed").reports == 0
    story.tell("other", 1.5, story.claim("killed", 40, root="mayor"), recorded=3)
    slot = story.ask("killed")
    assert (slot.roots, slot.reports) == (("mayor",), 2)


def test_a_citation_of_an_echo_survives_the_rejection_of_one_of_two_models(story):
    story.tell("one", 1, story.claim("killed", 40, root="mayor"))
    story.tell("two", 2, story.claim("killed", 40))
    story.tell("blog", 3, story.claim("killed", 40, root="blog", kind="echo"))
    story.tell("vlog", 4, story.claim("killed", 40, root="blog", kind="derived", cites="blog"))
    story.reject("r", 9, "killed", "agency")
    slot = story.ask("killed")
    assert (slot.roots, slot.reports) == (("mayor",), 3)


def test_an_outlet_with_nothing_to_echo_speaks_for_itself_and_reports_say_is_nobody(story):
    story.tell("daily", 1, story.claim("killed", 40, root="daily", kind="echo"))
    story.tell("blog", 1, story.claim("missing", 7, root=None, kind="echo"))
    assert story.ask("killed").roots == ("daily",)
    missing = story.ask("missing")
    assert (missing.roots, missing.reports, missing.best) == ((), 1, None)


def test_reports_say_cannot_be_echoed(story):
    story.tell("blog", 1, story.claim("killed", 40, root=None, kind="echo"))
    story.tell("daily", 2, story.claim("killed", 40, root="daily", kind="echo"))
    assert story.ask("killed").roots == ("daily",)


def test_an_echo_and_a_citation_that_lead_only_to_each_other_are_a_loop(story):
    story.tell("blog", 1, story.claim("killed", 40, root="daily", kind="derived", cites="daily"))
    story.tell("daily", 2, story.claim("killed", 40, root="daily", kind="echo"))
    slot = story.ask("killed")
    assert (slot.roots, slot.reports) == (("circular:blog+daily",), 2)


def test_a_background_claim_reports_again_and_moves_no_root(story):
    story.tell("daily", 10, story.claim("killed", 40))
    story.tell("daily", 20, story.claim("killed", 57))
    story.tell("first", 9, story.claim("killed", 40))
    story.tell("later", 40, story.claim("killed", 40, kind="background", said=9))
    slot = story.ask("killed")
    assert (slot.best.point, slot.reports) == (57, 3)


def test_of_two_background_claims_of_one_statement_the_first_stands_for_it(story):
    story.tell("first", 40, story.claim("killed", 40, kind="background", said=9))
    story.tell("later", 50, story.claim("killed", 41, kind="background", said=20))
    assert story.ask("killed").best.point == 40


def test_a_report_of_the_same_moment_does_not_make_a_claim_background(story):
    story.tell("a", 40, story.claim("killed", 41, said=9))
    story.tell("b", 40, story.claim("killed", 40, kind="background", said=20))
    assert story.ask("killed").best.point == 40


def test_background_is_measured_against_reports_and_not_against_other_background(story):
    story.tell("a", 10, story.claim("killed", 40))
    story.tell("b", 40, story.claim("killed", 44, kind="background", said=15))
    story.tell("c", 50, story.claim("killed", 48, kind="background", said=20))
    assert story.ask("killed").best.point == 48


def test_a_background_claim_that_nobody_reported_before_is_primary(story):
    story.tell("later", 40, story.claim("killed", 40, kind="background", said=9))
    slot = story.ask("killed")
    assert (slot.best.point, slot.roots, slot.latest.said_at) == (40, ("agency",), story.at(9))


def test_a_correction_item_kills_what_it_does_not_repeat(story):
    story.tell("daily", 1, story.claim("killed", 60), story.claim("missing", 7))
    story.tell("blog", 2, story.claim("killed", 60, root="daily", kind="derived", cites="daily"))
    story.tell(
        "note", 5, story.claim("killed", 52), story.claim("missing", 7), outlet="daily", corrects="daily"
    )
    slot = story.ask("killed")
    assert (slot.best.point, slot.reports) == (52, 1)
    assert reason(slot, "daily") == "corrected by note"
    assert reason(slot, "blog") == "what it cites is dead"
    assert story.ask("missing").reports == 2


def test_each_of_several_correction_items_kills(story):
    story.tell("daily", 1, story.claim("killed", 60), story.claim("killed", 5, root="mayor"))
    story.tell("n1", 5, story.claim("killed", 60), corrects="daily")
    story.tell("n2", 6, story.claim("killed", 5, root="mayor"), corrects="daily")
    assert {dead.doc for dead in story.ask("killed").dead} == {"daily"}
    assert len([dead for dead in story.ask("killed").dead if dead.doc == "daily"]) == 2


def test_a_correction_is_not_known_before_it_is_published(story):
    story.tell("daily", 1, story.claim("killed", 60))
    story.tell("note", 5, story.claim("killed", 52), corrects="daily")
    assert story.ask("killed", published_as_of=story.at(4)).best.point == 60


def test_what_the_corrected_report_says_after_the_item_is_new(story):
    story.tell("daily", 1, story.claim("killed", 60))
    story.tell("note", 5, story.claim("killed", 52), corrects="daily")
    story.tell("daily", 9, story.claim("killed", 70))
    assert story.ask("killed").best.point == 70


def test_long_chains_of_citations_are_followed(story):
    story.tell("d0", 0, story.claim("killed", 40))
    for number in range(1, 3000):
        story.tell(
            f"d{number}", number, story.claim("killed", 40, root="x", kind="derived", cites=f"d{number - 1}")
        )
    slot = story.ask("killed", history=False)
    assert (slot.roots, slot.reports) == (("agency",), 3000)


@pytest.mark.parametrize("kind", ["forecast", "denial", "unconfirmed"])
def test_uncounted_kinds_report_nothing(story, kind):
    value = None if kind != "forecast" else 1000
    story.tell("daily", 1, story.claim("killed", value, kind=kind))
    slot = story.ask("killed")
    assert (slot.reports, slot.first_seen, slot.best, slot.disputed) == (0, None, None, False)
    assert len(slot.forecasts) + len(slot.denials) + len(slot.unconfirmed_by) == 1
