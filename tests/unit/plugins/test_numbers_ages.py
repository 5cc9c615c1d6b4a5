"""Ages, durations and temperatures that are told without a plain figure, and figures that are none of them."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.plugin import Quantity
from ledger_numbers.processor import annotate
from ledger_numbers.words import DECADES

TODAY = dt.date(2031, 5, 6)


def quantities(text: str) -> list[Quantity]:
    return [item for item in annotate(text, 0, len(text), TODAY) if isinstance(item, Quantity)]


@pytest.mark.parametrize(
    ("text", "op", "value", "unit"),
    [
        ("A 42-year-old left.", "exact", 42, "year"),
        ("The eight-month-old slept.", "exact", 8, "month"),
        ("The baby was ten months old.", "exact", 10, "month"),
        ("The bridge is a decade old.", "exact", 1, "decade"),
        ("Ada Vale, 42, a teacher, left.", "exact", 42, "year"),
        ("She is 34.", "exact", 34, "year"),
        ("He was just 19 when it burned.", "exact", 19, "year"),
        ("He died at 91.", "exact", 91, "year"),
        ("It is free for children under 5.", "max", 5, "year"),
        ("Women over fifty were asked.", "min", 50, "year"),
        ("Most were 18-to-24-year-olds.", "range", 18, "year"),
        ("A man in his 40s left.", "vague", None, "year"),
        ("She was in her late fifties.", "vague", None, "year"),
        ("A 40-something driver left.", "vague", None, "year"),
    ],
)
def test_ages(text: str, op: str, value: float | None, unit: str) -> None:
    (found,) = quantities(text)
    assert (found.kind, found.op, found.value, found.unit) == ("age", op, value, unit)


@given(st.sampled_from(sorted(DECADES)), st.sampled_from(["", "early ", "mid-", "late "]))
def test_a_decade_of_a_life_is_ten_years_and_no_figure(word: str, part: str) -> None:
    in_words = quantities(f"A nurse in her {part}{word} was seen.")
    in_digits = quantities(f"A nurse in her {part}{DECADES[word]}s was seen.")
    for (found,) in (in_words, in_digits):
        assert (found.kind, found.value) == ("age", None)
        assert (found.low, found.high) == (DECADES[word], DECADES[word] + 9)


@pytest.mark.parametrize(
    ("text", "op", "value", "unit"),
    [
        ("The talks lasted a week.", "exact", 1, "week"),
        ("He was jailed for more than a decade.", "min", 1, "decade"),
        ("The trip takes an hour.", "exact", 1, "hour"),
        ("They must answer within the hour.", "exact", 1, "hour"),
        ("She left for some days.", "vague", None, "day"),
        ("She left for several weeks.", "vague", None, "week"),
        ("It took a few hours.", "vague", None, "hour"),
        ("It took an hour and 15 minutes.", "exact", 1.25, "hour"),
        ("It was a half-hour walk.", "exact", 0.5, "hour"),
        ("It took 3 h.", "exact", 3, "hour"),
    ],
)
def test_durations_without_a_number(text: str, op: str, value: float | None, unit: str) -> None:
    (found,) = quantities(text)
    assert (found.kind, found.op, found.value, found.unit) == ("duration", op, value, unit)


@pytest.mark.parametrize(
    ("text", "op", "value", "unit"),
    [
        ("It was 5 below zero.", "exact", -5, "degree"),
        ("It was minus 5 degrees Celsius.", "exact", -5, "degree_Celsius"),
        ("Temperatures fell below zero.", "max", 0, "degree"),
        ("It is given in Fahrenheit.", "vague", None, "degree_Fahrenheit"),
        ("The mast was rotated by 90°.", "exact", 90, "angular_degree"),
        ("It reached 40 degrees in the cold store.", "exact", 40, "degree"),
    ],
)
def test_degrees(text: str, op: str, value: float | None, unit: str) -> None:
    (found,) = quantities(text)
    assert (found.kind, found.op, found.value, found.unit) == ("measure", op, value, unit)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("twenty-first", 21), ("ninety-ninth", 99), ("one hundred and seventh", 107), ("two hundred twenty-first", 221),
        ("two thousand and first", 2001),
    ],
)  # fmt: skip
def test_an_ordinal_of_several_words_is_one_ordinal(text: str, value: int) -> None:
    (found,) = quantities(f"It was the {text} day.")
    assert (found.kind, found.value, found.noun) == ("ordinal", value, "day")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("fifty-four hundredths", 0.54),
        ("two and fifty-four hundredths", 2.54),
        ("one hundred and thirty fifths", 26),
        ("one hundred thirty-fifths", 100 / 35),
        ("a twenty-first", 1 / 21),
    ],
)
def test_fractions_in_words(text: str, value: float) -> None:
    (found,) = quantities(text)
    assert found.value == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("One in five doctors left.", 0.2),
        ("1 in 100,000 people fall ill.", 0.00001),
        ("Three in every hundred fall ill.", 0.03),
        ("One in a million falls ill.", 0.000001),
        ("Nine out of ten fall ill.", 0.9),
        ("One-half of the voters left.", 0.5),
    ],
)
def test_a_proportion_is_one_share_and_not_two_counts(text: str, value: float) -> None:
    (found,) = quantities(text)
    assert (found.kind, found.unit, found.value) == ("measure", "dimensionless", pytest.approx(value))


def test_a_count_in_a_year_or_a_stretch_of_time_is_no_proportion() -> None:
    assert [item.value for item in quantities("They lost three in 2024.")] == [3]
    assert [item.value for item in quantities("They lost two in 3 days.")] == [2, 3]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("three or four hundred bees", 300, 400),
        ("two to three hundred bees", 200, 300),
        ("5 to 6 million bees", 5e6, 6e6),
    ],
)
def test_the_last_scale_of_a_range_counts_for_both_ends(text: str, low: int, high: int) -> None:
    (found,) = quantities(text)
    assert (found.op, found.low, found.high, found.noun) == ("range", low, high, "bee")


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("€1,2 Mrd", 1_200_000_000, "EUR"),
        ("3,5 Mio. Euro", 3_500_000, "EUR"),
        ("CHF 2'500'000", 2_500_000, "CHF"),
        ("15 dollars and 15.", 15.15, "USD"),
        ("$3.5 mil", 3_500_000, "USD"),
        ("10 U.S. dollars", 10, "USD"),
        ("100 Indonesian rupiah", 100, "IDR"),
        ("5 million Zimbabwean dollars", 5_000_000, "dollar"),
    ],
)
def test_sums_of_money_in_other_forms(text: str, value: float, unit: str) -> None:
    (found,) = quantities(text)
    assert (found.kind, found.value, found.unit) == ("money", value, unit)


@pytest.mark.parametrize(
    "text",
    [
        "The Boeing 737-800 crashed.",
        "She sells an iPhone 15 there.",
        "Celsius Holdings fell.",
        "It was the second week of the year.",
        "For a second the light went out.",
        "Sales for the year rose.",
    ],
)
def test_words_that_only_look_like_a_measure_are_none(text: str) -> None:
    assert [item for item in quantities(text) if item.kind != "ordinal"] == []
