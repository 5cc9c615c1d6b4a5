"""What became of one person is an event of its own, never a count; harm to several is a figure."""

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


def claims(text: str) -> list[Claim]:
    made = annotate(CLAIMS, article(text, published="2031-06-06T12:00:00Z"), providers=PROVIDERS)
    return [claim for claim in made if isinstance(claim, Claim)]


def fates(text: str) -> list[tuple[str, str]]:
    return [(c.subject, str(c.value and c.value.point)) for c in claims(text) if c.measure == "event"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A 22-year-old woman was fatally shot near the bridge.", [("woman", "killed")]),
        ("A farmer died when his tractor overturned.", [("farmer", "killed")]),
        ("Lena Orre, 40, was killed in the crash, police said.", [("Lena Orre", "killed")]),
        ("The fire left a man dead and his daughter injured.", [("daughter", "injured"), ("man", "killed")]),
        ("Two bullets hit the car, killing the driver.", [("driver", "killed")]),
        ("Police are investigating the death of a nurse.", [("nurse", "killed")]),
        ("A man and a woman were killed.", [("man", "killed"), ("woman", "killed")]),
        ("The boy suffered a gunshot wound to the arm.", [("boy", "injured")]),
        ("A cyclist was flown to a local hospital.", [("cyclist", "hospitalised")]),
    ],
)
def test_the_fate_of_a_person_is_an_event(text: str, expected: list[tuple[str, str]]) -> None:
    assert fates(text) == expected
    assert all(c.value is None or isinstance(c.value.point, str) for c in claims(text))


@pytest.mark.parametrize(
    "text",
    [
        "A man could be killed if the wall falls.",
        "A woman was not injured.",
        "He was charged with attempting to kill a nurse.",
        "The bill was killed in the senate.",
        "The death penalty is not sought.",
        "Region\tDead\tInjured",
    ],
)
def test_what_did_not_happen_to_anybody_is_none(text: str) -> None:
    assert not fates(text)


def test_he_is_the_one_named_before() -> None:
    assert fates("A farmer was injured by a bull. He died on Friday.") == [
        ("farmer", "injured"),
        ("farmer", "killed"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Five people were shot, one fatally.", {"killed or injured": 5, "killed": 1}),
        ("Twelve passengers suffered minor injuries.", {"injured": 12}),
        ("Nine people were rushed to nearby hospitals.", {"hospitalised": 9}),
    ],
)
def test_harm_to_several_is_a_figure(text: str, expected: dict[str, int]) -> None:
    assert {c.measure: c.value.point for c in claims(text) if c.value is not None} == expected


@pytest.mark.parametrize(
    "text", ["He is charged with killing 3 people.", "She was acquitted of injuring 4 guests."]
)
def test_what_somebody_is_accused_of_is_no_figure(text: str) -> None:
    assert not [c for c in claims(text) if c.value is not None and not isinstance(c.value.point, str)]
