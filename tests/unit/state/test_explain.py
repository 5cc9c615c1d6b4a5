"""Why a figure reads as it does, and why it changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ledger.errors import NotFoundError
from ledger.plugin import Claim, ClaimValue, Link, Span
from ledger.state import Report, Review, Value, load_registry, reported_state
from ledger.state.change import CAUSES, Basis, explain_change
from ledger.state.explain import explain, in_words


def explained(story, slot="killed", **options):
    state = reported_state(story.documents.values(), story.registry, reviews=story.reviews, **options)
    return explain(state, slot)


def test_every_report_is_listed_under_its_root_or_among_the_dead(story):
    story.tell("a", 1, story.claim("killed", 50, sentence="Fifty are dead."))
    story.tell("b", 2, story.claim("killed", 50, root="a", kind="derived", cites="a"))
    story.tell("c", 3, story.claim("killed", 500, root="a", kind="derived", cites="a"))
    story.tell("d", 0, story.claim("killed", 9, root=None, kind="echo"))
    found = explained(story)
    assert [(group.root, [claim.document for claim in group.claims]) for group in found.roots] == [
        ("agency", ["a", "b"])
    ]
    assert [claim.document for claim in found.rootless] == ["d"]
    assert [(claim.document, claim.reason[:8]) for claim in found.dead] == [("c", "misquote")]
    assert found.roots[0].claims[0].sentence == "Fifty are dead."


def test_it_says_in_words_why_best_is_best(story):
    story.tell("a", 1, story.claim("killed", 50), story.claim("killed", 52, root="mayor"))
    story.tell("b", 2, story.claim("killed", Value(100, "approx"), root="clinic"))
    words = " ".join(explained(story).why)
    assert "Shown: 50 (agency" in words
    assert "2 of 3 independent roots stand by it: agency, mayor." in words
    assert "before about 100 (clinic): more roots stand by it (2 against 1)." in words
    assert "Disputed: agency against clinic" in words
    by_time = " ".join(explained(story, policy="latest/1").why)
    assert "before 50 (agency): it was said later." in by_time


def test_roles_of_roots(story):
    story.tell("z", -90, story.claim("killed", 2, root="ministry"))
    story.tell("a", 1, story.claim("killed", Value(40, "min"), root="clinic"))
    story.tell(
        "b",
        2,
        story.claim("killed", 50),
        story.claim("killed", 52, root="mayor"),
        story.claim("killed", 90, root="blog"),
    )
    roles = {group.root: group.role for group in explained(story).roots}
    assert roles == {
        "agency": "best",
        "mayor": "supports best",
        "blog": "another current figure",
        "clinic": "lower bound only",
        "ministry": "older figure",
    }


def test_a_slot_that_nothing_is_reported_on_is_not_found(story):
    with pytest.raises(NotFoundError, match="killed"):
        explained(story)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (Value(1000), "1,000"),
        (Value(40, "approx"), "about 40"),
        (Value(40, "min"), "at least 40"),
        (Value(40, "max"), "up to 40"),
        (Value(30, "range", 30, 45), "30 to 45"),
        (Value(None, "vague", text="dozens"), "dozens"),
        (Value("closed", "category"), "closed"),
    ],
)
def test_values_in_words(value, words):
    assert in_words(value) == words


T0 = datetime(2031, 5, 6, tzinfo=UTC)
GOVERNOR = {"governor": {"name": "The governor", "reliability": "B"}}


def report(key, point, hours=0, revision=1, who="governor", scope="Ilm"):
    claim = Claim(
        span=Span(0, 9),
        quote=f"{point} dead.",
        subject="people",
        measure="killed",
        scope=scope,
        value=ClaimValue(op="exact", point=point),
        chain=(Link(actor=who, surface=who, kind="role"),),
    )
    at = T0 + timedelta(hours=hours)
    return Report(
        article=key, outlet="post", url=f"https://post.example/{key}", revision=revision, hash="", title="", text="",
        recorded_at=at, p_time=at, published=at, claims=(claim,),
    )  # fmt: skip


def basis(*reports, registry=None, reviews=(), **times):
    return Basis(
        reports=reports, registry=load_registry({"sources": registry or {}}), reviews=reviews, **times
    )


SLOT = "killed.people.ilm"
ONE = report("a", 40)
REJECT = Review(
    id="r1", at=T0 + timedelta(hours=9), action="reject", target={"slot": SLOT, "root": "governor"}
)


@pytest.mark.parametrize(
    ("after", "cause", "because"),
    [
        (basis(ONE, report("b", 57, 5), report("c", 3, 6, scope="Velm")), "new evidence", ("b",)),
        (basis(ONE, report("a", 57, 5, revision=2)), "revision by the publisher", ("a",)),
        (basis(report("a", 57)), "our code", ()),
        (basis(report("a", 40, who="mayor of Ilm")), "our code", ()),
        (basis(ONE, registry={"gov": {"name": "Governor", "reliability": "B"}}), "source registry", ()),
        (basis(ONE, reviews=(REJECT,)), "our reviewers", ("r1",)),
    ],
)
def test_each_difference_has_one_cause(after, cause, because):
    changes = explain_change(basis(ONE), after, SLOT)
    assert changes
    assert {change.cause for change in changes} == {cause}
    assert {change.because for change in changes} == {because}
    assert set(CAUSES) >= {cause}


def test_the_last_step_that_moved_a_field_is_its_cause():
    after = basis(ONE, report("a", 45, 4, revision=2), report("b", 57, 5, who="coroner"))
    causes = {change.field: change.cause for change in explain_change(basis(ONE), after, SLOT)}
    assert causes["low"] == "revision by the publisher"
    assert causes["independent_roots"] == "new evidence"


def test_two_times_of_one_ledger_are_compared_by_what_was_recorded_between():
    everything = basis(ONE, report("b", 57, 5), reviews=(REJECT,))
    early = msgspec.structs.replace(everything, recorded_as_of=T0 + timedelta(hours=1))
    late = msgspec.structs.replace(everything, recorded_as_of=T0 + timedelta(hours=6))
    assert {change.cause for change in explain_change(early, late, SLOT)} == {"new evidence"}
    assert explain_change(early, early, SLOT) == ()


def denial(key, hours, who="coroner"):
    claim = msgspec.structs.replace(
        report(key, 0, who=who).claims[0], value=None, kind="denial", polarity="-", measure="killed"
    )
    return msgspec.structs.replace(report(key, 0, hours), claims=(claim,))


def test_a_denial_in_a_new_article_is_new_evidence_whatever_a_revision_does_to_the_figures():
    two = report("b", 60, 1, who="mayor of Ilm")
    after = basis(ONE, two, denial("c", 6), report("b", 41, 7, revision=2, who="mayor of Ilm"))
    changes = explain_change(basis(ONE, two), after, SLOT)
    causes = {(change.field, str(change.after)): change.cause for change in changes}
    assert causes["dispute.denied_by", "coroner"] == "new evidence"
    gone = [change for change in changes if change.field == "dispute.figures"]
    assert [(change.after, change.cause) for change in gone] == [(None, "revision by the publisher")]


def test_a_count_is_put_down_to_the_step_that_did_most_of_it():
    revised = report("a", 3, 4, revision=2, scope="Velm")
    after = basis(ONE, revised, *(report(key, 40, 5, who=f"{key} clinic") for key in "bcd"))
    causes = {change.field: change for change in explain_change(basis(ONE), after, SLOT)}
    assert (causes["reports"].before, causes["reports"].after, causes["reports"].cause) == (
        1,
        3,
        "new evidence",
    )
