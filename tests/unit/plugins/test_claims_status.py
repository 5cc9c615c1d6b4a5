"""States of named things, denials, and what nobody could confirm."""

from __future__ import annotations

import pytest

import ledger_attribution
import ledger_claims
import ledger_numbers
import ledger_syntax
from ledger.plugin import Claim
from ledger.testing import annotate, article

(CLAIMS,) = ledger_claims.ledger_processors()
PROVIDERS = [
    *ledger_syntax.ledger_processors(),
    *ledger_numbers.ledger_processors(),
    *ledger_attribution.ledger_processors(),
]


def claims(text: str, title: str = "A report") -> list[Claim]:
    made = annotate(CLAIMS, article(text, title=title), providers=PROVIDERS)
    return sorted((c for c in made if isinstance(c, Claim)), key=lambda c: (c.span, c.support))


def states(text: str, title: str = "A report") -> list[tuple[str, str | float | int | None]]:
    return [
        (c.subject, c.value.point)
        for c in claims(text, title)
        if c.value is not None and c.value.op == "category"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The Karl bridge is closed.", [("Karl bridge", "closed")]),
        ("The Karl bridge remains closed to traffic, police said.", [("Karl bridge", "closed")]),
        (
            "The northern gate of the Brede dam, a mile above the town, is undamaged, the agency added.",
            [("Brede dam", "undamaged")],
        ),
        ("The Brede dam has cracked.", [("Brede dam", "cracked")]),
        ("The Brede dam burst on Monday.", [("Brede dam", "burst")]),
        ("The Sefton road was reopened.", [("Sefton road", "reopened")]),
        ("The ceasefire is holding.", [("ceasefire", "holding")]),
        ("The pipeline, which was damaged in March, is operating again.", [("pipeline", "operating")]),
        (
            "Police said that the Karl bridge had been closed since the road was cut.",
            [("Karl bridge", "closed")],
        ),
        (
            "The bridge has collapsed, and the tunnel is flooded.",
            [("bridge", "collapsed"), ("tunnel", "flooded")],
        ),
        ("President Anna Holt is in hospital, her office said.", [("President Anna Holt", "in hospital")]),
        (
            "South Varnish troops have been pulled back from the front.",
            [("South Varnish soldier", "pulled back")],
        ),
    ],
)
def test_a_main_clause_states_the_condition_of_a_thing(text: str, expected: list[tuple[str, str]]) -> None:
    assert states(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Since the road was closed, lorries go round.",
        "If the dam is breached, the town must be left.",
        "The road, which is closed, leads north.",
        "Is the dam cracked?",
        "The mood is good.",
        "The school will be closed.",
        "The dam could collapse.",
        "The closed bridge is old.",
        "Lanes near the harbour are blocked at 12 points.",
    ],
)
def test_what_is_not_asserted_of_a_thing_is_no_claim(text: str) -> None:
    assert states(text) == []


def test_the_dam_is_the_dam_that_the_article_names() -> None:
    assert states("Engineers watch the Brede dam. The dam is intact.") == [("Brede dam", "intact")]
    assert states("The dam is intact.", title="Brede dam holds") == [("Brede dam", "intact")]
    assert states("The dam is intact.") == [("dam", "intact")]


def test_the_town_is_that_of_the_dateline_if_the_text_speaks_of_it() -> None:
    text = "ORVEL (TPA) - The assault on Orvel has begun. The town is captured, the mayor said."
    assert ("Orvel", "captured") in states(text)


def test_a_fault_is_the_state_of_the_thing_that_has_it() -> None:
    (claim,) = claims("Inspectors found a crack in the wall of the Brede dam, the ministry said.")
    assert (claim.subject, claim.trigger, claim.polarity) == ("Brede dam", "crack", "+")
    assert [link.actor for link in claim.chain] == ["ministry"]
    (none,) = claims("There is no crack in the Brede dam, the ministry said.")
    assert none.polarity == "-"


def test_a_part_belongs_to_the_thing_spoken_of_before() -> None:
    made = claims("The Brede dam is safe, the agency said. There is a crack in the wall, divers said.")
    assert [c.subject for c in made] == ["Brede dam", "Brede dam"]


def test_a_hedged_state_is_possible_and_a_negated_one_has_negative_polarity() -> None:
    (hedged,) = claims("The Brede dam is reported to have burst, according to Flood Watch.")
    assert (hedged.modality, [link.actor for link in hedged.chain]) == ("possible", ["Flood Watch"])
    (negated,) = claims("The Brede dam is not damaged.")
    assert (negated.value.point if negated.value else None, negated.polarity) == ("damaged", "-")


def test_a_denial_takes_the_slot_of_the_claim_before_it() -> None:
    made = claims("The Brede dam has cracked, according to Flood Watch. Civil Rescue denied it.")
    denial = made[-1]
    assert (denial.kind, denial.subject, denial.measure, denial.value) == (
        "denial",
        "Brede dam",
        "status",
        None,
    )
    assert [link.actor for link in denial.chain] == ["Civil Rescue"]


def test_a_denial_names_the_outlet_whose_report_it_denies() -> None:
    made = claims("Forty people died, the Herald reported. The army denied the Herald's report.")
    assert (made[-1].kind, made[-1].target) == ("denial", "Herald")


@pytest.mark.parametrize(
    ("text", "measure"),
    [
        ("The army denied that 40 soldiers had been killed.", "killed"),
        ("The army denied reports that the Brede dam had cracked.", "status"),
        ("Reports say 40 people died. The reports are false, the army said.", "killed"),
        ("Forty people died, rebels said. The army dismissed the claim as propaganda.", "killed"),
        ("The army denied that any soldier had been captured.", "captured"),
    ],
)
def test_a_denied_content_is_denied_and_not_claimed(text: str, measure: str) -> None:
    denials = [c for c in claims(text) if c.kind == "denial"]
    assert [(c.measure, c.value, c.polarity) for c in denials] == [(measure, None, "-")]
    assert not [c for c in claims(text) if c.kind == "primary" and c.chain[-1].actor == "army"]


def test_a_denial_of_something_else_touches_no_claim() -> None:
    made = claims("Forty people died, rebels said. The army denied that it had been warned.")
    assert [c.kind for c in made] == ["primary"]


def test_a_report_called_false_is_denied_by_who_calls_it_so() -> None:
    text = "No fewer than nine people were killed; reports that 90 had died were false, the ministry said."
    told = {(c.kind, None if c.value is None else c.value.point) for c in claims(text)}
    assert told == {("primary", 9), ("denial", None)}


def test_declining_to_comment_is_nothing() -> None:
    made = claims("Forty people died, rebels said. The army declined to comment.")
    assert [c.kind for c in made] == ["primary"]


def test_what_an_authority_cannot_confirm_is_no_denial() -> None:
    made = claims("Forty people died, rebels said. The ministry could not confirm the figure.")
    assert [(c.kind, c.polarity, c.value is None) for c in made] == [
        ("primary", "+", False),
        ("unconfirmed", "+", True),
    ]
