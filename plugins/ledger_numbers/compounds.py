"""Amounts of more than one part: "5 feet 10 inches", "3 dollars and 50 cents", "half an hour", "a year and a half"."""

from __future__ import annotations

from decimal import Decimal

from ledger_numbers.found import Amount
from ledger_numbers.numerals import read_numeral
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import TIME_UNITS, UNITS

__all__ = ["extend", "opened_unit", "unit_and_more"]

_HALF = Decimal("0.5")
_SMALLER = {
    "foot": ("inch", 12), "pound": ("ounce", 16), "year": ("month", 12), "week": ("day", 7), "day": ("hour", 24),
    "hour": ("minute", 60), "minute": ("second", 60),
}  # fmt: skip
"""Unit to the smaller unit that may follow it, and how many of them it holds."""
_INCHES = frozenset({"in", '"', "”", "″"})


def opened_unit(tokens: Tokens, at: int) -> int:
    """The token of the unit in "half a mile" and "three quarters of an hour"; `at` where there is none."""
    unit = at + 1 if tokens.at(at) == "of" else at
    if tokens.at(unit) not in {"a", "an"}:
        return at
    form = tokens.at(unit + 1)
    known = form in TIME_UNITS or form in UNITS or form in {"percent", "per", "percentage"}
    return unit + 1 if known else at


def unit_and_more(tokens: Tokens, at: int) -> Amount | None:
    """Such as "an hour and a half", "a mile and a half", "an hour and 20 minutes"."""
    form = tokens.at(at + 1)
    if tokens.at(at + 2) != "and" or not (form in TIME_UNITS or form in UNITS):
        return None
    kind, unit = ("duration", TIME_UNITS[form][0]) if form in TIME_UNITS else ("measure", UNITS[form])
    one = Decimal(1)
    amount = Amount(at, at + 2, at, at + 1, kind, one, one, 1, unit)
    if tokens.phrase(at + 2, at + 5) == "and a half":
        amount.value, amount.stop = one + _HALF, at + 5
    elif unit in _SMALLER:
        _smaller_unit(tokens, amount, at + 3)
    return amount if amount.stop > at + 2 else None


def extend(tokens: Tokens, amount: Amount) -> None:
    """Take in what follows an amount and belongs to it."""
    at = amount.stop
    if amount.unit == "degree" or amount.unit.startswith("degree_"):
        if tokens.phrase(at, at + 2) in {"below zero", "below freezing"} and amount.value > 0:
            amount.value, amount.stop = -amount.value, at + 2
        return
    if amount.kind == "cardinal" and amount.digits and tokens.at(at) in {"'", "′"}:
        _feet(tokens, amount)
        return
    after = at + 1 if tokens.at(at) == "and" else at
    if not (tokens.is_number(after) or tokens.is_word(after)):
        return
    if amount.kind == "money":
        _cents(tokens, amount, after)
    elif amount.unit in _SMALLER:
        _smaller_unit(tokens, amount, after)


def _smaller_unit(tokens: Tokens, amount: Amount, at: int) -> None:
    if amount.kind == "duration" and tokens.phrase(amount.stop, at + 2) == "and a half":
        amount.value, amount.stop = amount.value + _HALF, at + 2
        return
    smaller, parts = _SMALLER[amount.unit]
    numeral = read_numeral(tokens, at)
    if numeral is None or numeral.fraction or not 0 <= numeral.value < parts:
        return
    form = tokens.at(numeral.stop)
    named = (TIME_UNITS.get(form, ("",))[0] or UNITS.get(form)) == smaller
    if not named and not (smaller == "inch" and form == "in" and at == amount.stop and numeral.digits):
        return
    if tokens.at(numeral.stop + 1) != "ago":
        amount.value += numeral.value / parts
        amount.stop = numeral.stop + 1


def _cents(tokens: Tokens, amount: Amount, at: int) -> None:
    """Take in the cents of "3 dollars and 50 cents", of "3 dollars 50" and of "3 dollars and 50" at the end of a clause."""
    if not amount.unit.isupper() or amount.scale > 1 or amount.value != amount.value.to_integral_value():
        return
    cents = read_numeral(tokens, at)
    if cents is None or cents.fraction or not 0 < cents.value < 100:
        return
    named = tokens.at(cents.stop) in {"cent", "cents", "pence"}
    closes = amount.after < amount.stop and tokens.at(cents.stop) in {"", ".", ",", ";"}
    bare = closes and (at == amount.stop or tokens.at(amount.first - 1) != "between")
    if named or (bare and cents.value >= 10):
        amount.value += cents.value / 100
        amount.stop = cents.stop + 1 if named else cents.stop


def _feet(tokens: Tokens, amount: Amount) -> None:
    """Such as 6'2"."""
    at = amount.stop + 1
    inches = tokens.at(at)
    glued = tokens.glued(amount.stop - 1) and tokens.glued(amount.stop)
    if (
        glued
        and tokens.is_number(at)
        and inches.isdigit()
        and int(inches) < 12
        and tokens.at(at + 1) in _INCHES
    ):
        amount.kind, amount.unit = "measure", "foot"
        amount.value += Decimal(inches) / 12
        amount.stop = at + 2
