"""Durations that name a unit and no number: `for a week`, `within the hour`, `takes some days`, `a decade old`."""

from __future__ import annotations

from decimal import Decimal

from ledger_numbers.found import Found
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import TIME_UNITS
from ledger_numbers.words import word_set

__all__ = ["lasting_unit"]

_LASTING = word_set("""
    for within in last lasts lasted lasting take takes took taking spend spends spent spending require requires required
    throughout
""")
_SHORT = frozenset({"hour", "day", "night"})
_SOFTENERS = word_set("""
    about around nearly almost over under than more less just only at least up to roughly approximately some well
""")
_REACH = 5
_OF_A_PERIOD = word_set("""
    of to through until ended ending ahead before after that when
""")


def lasting_unit(tokens: Tokens, at: int) -> Found | None:
    """The duration at an article or at "some" before a unit of time, where a word of lasting stands before it."""
    word = tokens.at(at)
    unit_at = at + 2 if tokens.at(at + 1) in {"full", "whole", "entire"} else at + 1
    form = tokens.at(unit_at)
    unit, code = TIME_UNITS.get(form, ("", ""))
    plural = form.endswith("s") or form == "millennia"
    if not code or len(form) < 3 or plural != (word == "some"):
        return None
    unit = "day" if unit == "night" else unit
    old = tokens.at(unit_at + 1) in {"old", "older"}
    stop = unit_at + 2 if old and tokens.at(unit_at + 1) == "old" else unit_at + 1
    if (tokens.at(unit_at + 1) == "-" and tokens.glued(unit_at)) or (
        form == "second" and tokens.is_word(stop)
    ):
        return None
    if not old and not _lasts(tokens, at, unit_at):
        return None
    if word == "some":
        return Found(at, stop, at, "duration", "vague", unit=unit)
    one = Decimal(1)
    return Found(at, stop, at, "age" if old else "duration", "exact", one, one, one, unit)


def _lasts(tokens: Tokens, at: int, unit_at: int) -> bool:
    before = at - 1
    while tokens.at(before) in _SOFTENERS and at - before < _REACH:
        before -= 1
    if tokens.at(at) != "the":
        return tokens.at(before) in _LASTING
    lasts = tokens.at(before) == "within" or (tokens.at(before) == "for" and tokens.at(unit_at) in _SHORT)
    return lasts and tokens.at(unit_at + 1) not in _OF_A_PERIOD
