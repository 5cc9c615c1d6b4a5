"""The track record of sources and outlets."""

from __future__ import annotations

import pytest

from ledger.errors import NotFoundError
from ledger.state import reported_state
from ledger.state.record import find_record, records


def record_of(story, name):
    state = reported_state(story.documents.values(), story.registry, reviews=story.reviews)
    return find_record(records(state.slots, story.registry), story.registry, name)


def articles(cases):
    return [case.article for case in cases]


def test_outlets_answer_for_what_they_print(story):
    story.tell("daily", 1, story.claim("killed", 40), story.claim("missing", 3))
    story.tell("daily", 2, story.claim("killed", 44), story.claim("missing", 3))
    story.tell("post", 3, story.claim("killed", 400, "daily", kind="derived", cites="daily"), outlet="post")
    story.tell("view", 4, story.claim("missing", 3, "daily", kind="derived", cites="daily"), outlet="view")
    story.tell("blog", 5, story.claim("killed", 900, "blog"))
    story.tell("blog", 6, status="retracted")
    assert articles(record_of(story, "daily").corrected) == ["daily"]
    assert articles(record_of(story, "post").misquoting) == ["post"]
    assert articles(record_of(story, "blog").retracted) == ["blog"]
    view = record_of(story, "view")
    assert (view.figures, view.corrected, view.misquoting) == (1, (), ())


def test_who_never_followed_a_correction_is_on_record(story):
    story.tell("daily", 1, story.claim("killed", 40))
    story.tell("post", 2, story.claim("killed", 40, "daily", kind="derived", cites="daily"))
    story.tell("daily", 3, story.claim("killed", 4))
    assert articles(record_of(story, "post").not_followed) == ["post"]


def test_an_outlier_that_the_others_came_round_to(story):
    story.tell("a", 1, story.claim("killed", 40, "agency"))
    story.tell("b", 2, story.claim("killed", 90, "mayor"))
    story.tell("c", 30, story.claim("killed", 88, "agency"))
    mayor = record_of(story, "mayor")
    assert articles(mayor.outliers) == articles(mayor.became_consensus) == ["b"]
    assert record_of(story, "agency").outliers == ()


def test_a_figure_that_only_grew_is_no_outlier(story):
    story.tell("a", 1, story.claim("killed", 40, "agency"))
    story.tell("b", 40, story.claim("killed", 90, "agency"))
    assert record_of(story, "agency").outliers == ()


def test_names_that_nobody_bears_are_not_found(story):
    story.tell("a", 1, story.claim("killed", 40))
    with pytest.raises(NotFoundError, match="agency"):
        record_of(story, "ministry of nothing")
