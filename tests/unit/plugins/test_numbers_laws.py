"""Laws of reading: a number printed in any of the usual formats is read back, whatever stands around it."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.plugin import Quantity, TimeSpan
from ledger_numbers.processor import annotate
from ledger_numbers.units import TIME_UNITS, UNITS
from ledger_numbers.words import SMALL, TENS

TODAY = dt.date(2031, 5, 6)
ONES = {value: word for word, value in SMALL.items()}
DECADES = {value: word for word, value in TENS.items()}
AROUND = st.sampled_from(
    ["They counted {}.", "{} were seen in Karrow.", "“It was {},” she said.", "(about the {})"]
)


def quantities(text: str) -> list[Quantity]:
    return [item for item in annotate(text, 0, len(text), TODAY) if isinstance(item, Quantity)]


def in_words(value: int, *, hyphen: str = "-", joint: str = " and ") -> str:
    """An English number up to 999,999."""
    if value >= 1000:
        rest = f" {in_words(value % 1000, hyphen=hyphen, joint=joint)}" if value % 1000 >= 100 else ""
        if 0 < value % 1000 < 100:
            rest = joint + in_words(value % 1000, hyphen=hyphen, joint=joint)
        return f"{in_words(value // 1000, hyphen=hyphen, joint=joint)} thousand{rest}"
    if value >= 100:
        rest = joint + in_words(value % 100, hyphen=hyphen, joint=joint) if value % 100 else ""
        return f"{ONES[value // 100]} hundred{rest}"
    if value < 20:
        return ONES[value]
    return DECADES[value // 10 * 10] + (hyphen + ONES[value % 10] if value % 10 else "")


def groups(value: int, mark: str) -> str:
    return f"{value:,}".replace(",", mark)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(min_value=2, max_value=999_999),
    st.sampled_from(["-", " "]),
    st.sampled_from([" and ", " "]),
)
def test_a_number_in_words_is_read_back(value: int, hyphen: str, joint: str) -> None:
    text = f"They counted {in_words(value, hyphen=hyphen, joint=joint)} bees."
    assert [(item.value, item.noun) for item in quantities(text)] == [(value, "bee")]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(min_value=10_000, max_value=10**12), st.sampled_from([",", "\u00a0", "\u202f", ""]), AROUND
)
def test_a_number_in_digits_is_read_back(value: int, mark: str, around: str) -> None:
    assert [item.value for item in quantities(around.format(groups(value, mark) + " bees"))] == [value]


@settings(max_examples=150, deadline=None)
@given(
    st.integers(min_value=11, max_value=9999),
    st.sampled_from([("thousand", 10**3), ("million", 10**6), ("billion", 10**9), ("bn", 10**9), ("trillion", 10**12)]),
    st.sampled_from([("${}", "USD"), ("US${}", "USD"), ("€{}", "EUR"), ("{} yen", "JPY"), ("GBP {}", "GBP"), ("{} Swiss francs", "CHF")]),
)  # fmt: skip
def test_money_is_read_back(tenths: int, scale: tuple[str, int], form: tuple[str, str]) -> None:
    amount = f"{tenths // 10}.{tenths % 10} {scale[0]}"
    (found,) = quantities(f"The plan costs {form[0].format(amount)}.")
    assert (found.kind, found.unit) == ("money", form[1])
    assert found.value == pytest.approx(tenths * scale[1] / 10)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(min_value=1, max_value=500),
    st.integers(min_value=1, max_value=500),
    st.sampled_from(["between {} and {}", "{} to {}", "{}-{}", "{}–{}", "from {} to {}"]),
    st.sampled_from([("km", "kilometer"), ("tonnes", "tonne"), ("percent", "percent"), ("degrees Celsius", "degree_Celsius"), ("hectares", "hectare")]),
)  # fmt: skip
def test_both_ends_of_a_range_are_read_back(low: int, more: int, form: str, unit: tuple[str, str]) -> None:
    (found,) = quantities(f"The estimates range {form.format(low, low + more)} {unit[0]}.")
    assert (found.op, found.low, found.high, found.unit) == ("range", low, low + more, unit[1])


@pytest.mark.parametrize("form", sorted(form for form in UNITS if form.isalpha() and len(form) > 5))
def test_every_unit_in_words_is_read_with_its_name(form: str) -> None:
    found = quantities(f"They measured 250 {form} there.")
    assert [(item.value, item.unit) for item in found] == [(250, UNITS[form])]


@pytest.mark.parametrize("form", sorted(form for form in TIME_UNITS if form.endswith("s") and len(form) > 4))
def test_every_unit_of_time_is_a_duration(form: str) -> None:
    (found,) = quantities(f"The work took 12 {form}.")
    unit = TIME_UNITS[form][0]
    assert (found.kind, found.value, found.unit) == ("duration", 12, "day" if unit == "night" else unit)


@pytest.mark.parametrize(
    ("text", "kind", "value", "unit"),
    [
        ("It took half an hour.", "duration", 0.5, "hour"),
        ("It took three quarters of an hour.", "duration", 0.75, "hour"),
        ("It took an hour and a half.", "duration", 1.5, "hour"),
        ("It took two years and three months.", "duration", 2.25, "year"),
        ("It took five business days.", "duration", 5, "day"),
        ("It took three weekends.", "duration", 3, "weekend"),
        ("It is half a mile away.", "measure", 0.5, "mile"),
        ("She is 5 ft 6 in tall.", "measure", 5.5, "foot"),
        ("She is 5'6\" tall.", "measure", 5.5, "foot"),
        ("A 155-mm shell fell.", "measure", 155, "millimeter"),
        ("It was 12 degrees below zero.", "measure", -12, "degree"),
        ("The bar is 9.8 ± 0.1 m long.", "measure", 9.8, "meter"),
        ("It pumps 30,000 barrels per day.", "measure", 30_000, "oil_barrel/day"),
        ("It rose half a percent.", "percent", 0.5, "percent"),
        ("It rose 50 basis points.", "percent", 50, "basis_point"),
        ("It costs thirteen dollars and forty-five cents.", "money", 13.45, "USD"),
        ("It costs 3 pounds 50 pence.", "money", 3.5, "GBP"),
        ("It costs R500 million.", "money", 500_000_000, "ZAR"),
        ("It costs N1,200.", "money", 1200, "NGN"),
        ("It costs KSh 500.", "money", 500, "KES"),
        ("It costs Mex$10 million.", "money", 10_000_000, "MXN"),
        ("Two people and a boy, 12, left.", "age", 12, "year"),
        ("Mara Dell turned 50 in May.", "age", 50, "year"),
        ("They counted 3 dozens of eggs.", "cardinal", 36, ""),
        ("One over twenty-one.", "measure", 1 / 21, "dimensionless"),
    ],
)  # fmt: skip
def test_amounts_of_several_parts(text: str, kind: str, value: float, unit: str) -> None:
    found = [item for item in quantities(text) if item.kind == kind]
    assert [item.unit for item in found] == [unit]
    assert [item.value for item in found] == pytest.approx([value])


@pytest.mark.parametrize(
    "text", ["The R500 is a road.", "Take the N20 south.", "It is 5 o'clock.", "The 1990s were calm."]
)
def test_a_letter_before_digits_alone_is_no_currency(text: str) -> None:
    assert quantities(text) == []


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("It rained last weekend.", "2031-05-03", "2031-05-04"),
        ("It will rain this weekend.", "2031-05-10", "2031-05-11"),
        ("It will rain next weekend.", "2031-05-10", "2031-05-11"),
    ],
)
def test_a_weekend_is_its_saturday_and_sunday(text: str, start: str, end: str) -> None:
    (found,) = (item for item in annotate(text, 0, len(text), TODAY) if isinstance(item, TimeSpan))
    assert (found.start, found.end) == (start, end)
