"""Tokens with coarse classes: what stays in one piece, where a piece stands, and which class it has."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger_syntax.tokens import Tokenizer, word_classes

CLASSES = word_classes({"AUX": ["was", "may"], "ADV": ["once"], "SUB": ["once", "if"]})
tokenize = Tokenizer(lambda low: CLASSES.get(low, "N"), whole=r"\.{3}", titles=("Gov",))


def test_the_first_class_that_holds_a_word_has_it() -> None:
    assert CLASSES == {"was": "AUX", "may": "AUX", "once": "ADV", "if": "SUB"}


def test_numbers_titles_initials_and_the_readers_own_pieces_stay_whole() -> None:
    text = "Gov. Ann Lee-Roe of the U.N. counted 1,200... St. Mark’s did not."
    assert [token.text for token in tokenize(text, 0, len(text))] == (
        [
            "Gov.",
            "Ann",
            "Lee-Roe",
            "of",
            "the",
            "U.N.",
            "counted",
            "1,200",
            "...",
            "St.",
            "Mark",
            "’s",
            "did",
            "not",
            ".",
        ]
    )


def test_a_month_an_acronym_and_a_possessive_ending_have_classes_of_their_own() -> None:
    text = "May it was May that WAS the ship's"
    assert [token.tag for token in tokenize(text, 0, len(text))] == [
        "AUX",
        "N",
        "AUX",
        "N",
        "N",
        "N",
        "N",
        "N",
        "POS",
    ]


@given(st.text(max_size=80), st.integers(0, 80))
def test_tokens_hold_every_visible_character_once_and_in_order(text: str, start: int) -> None:
    tokens = tokenize(text, start, len(text))
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert "".join(token.text for token in tokens) == "".join(text[start:].split())
