"""Fractions: `two thirds`, `a quarter of`, `fifty-four hundredths`, `3/4`, `½`, and proportions such as `one in five`."""

from __future__ import annotations

from decimal import Decimal

from ledger_numbers.tokens import VULGAR, Tokens, decimal_of
from ledger_numbers.words import DENOMINATORS, ORDINALS, SCALES, SMALL, TENS, word_set

__all__ = ["HALF", "denominator", "fraction"]

HALF = Decimal("0.5")
_HALVED = word_set("""
    hour day mile inch ton tonne pound ounce cup pint percent teaspoon
""")
_PERIODS = word_set("""
    year years months weeks days hours minutes seconds overs games matches
""")


def fraction(tokens: Tokens, at: int, *, alone: bool) -> tuple[Decimal, int] | None:
    """The value of the fraction at token `at` and the token after it; None if there is none.

    `alone` is False after "and", where the fraction belongs to the whole number before it.
    """
    word = tokens.at(at)
    if word in VULGAR:
        return decimal_of(word), at + 1
    if word == "half":
        return (HALF, at + 1) if not alone or _is_half(tokens, at) else None
    if tokens.is_number(at) and tokens.at(at + 1) == "/" and tokens.is_number(at + 2):
        return _slash(tokens, at)
    if word in {"a", "an"}:
        return _one_part(tokens, at, alone=alone)
    if word in TENS:
        return _of_tens(tokens, at, decimal=not alone)
    if word in SMALL:
        count = Decimal(SMALL[word])
    elif tokens.is_number(at) and word.isdigit() and len(word) < 3:
        count = Decimal(word)
    else:
        return None
    below_at = at + 2 if tokens.at(at + 1) == "-" else at + 1
    parts, stop = denominator(tokens, below_at)
    plural = tokens.at(stop - 1).endswith("s") or count == 1 or (not alone and tokens.at(stop) in SCALES)
    half_of = tokens.at(below_at) == "half" and alone and below_at == at + 1  # "one half of the match"
    if parts and plural and not half_of:
        return count / parts, stop
    return _proportion(tokens, at, count) if alone else None


def _is_half(tokens: Tokens, at: int) -> bool:
    """Whether "half" is a number here: not in "half-way", "half time"."""
    if tokens.at(at + 1) == "-":
        return tokens.at(at + 2) in _HALVED
    return tokens.at(at + 1) not in {"way", "time"}


def _one_part(tokens: Tokens, at: int, *, alone: bool) -> tuple[Decimal, int] | None:
    """Such as "a quarter of", "a half", "a twenty-first"."""
    parts, stop = denominator(tokens, at + 1)
    if tokens.at(at + 1) == "half":
        return (HALF, stop) if not alone or tokens.at(stop) != "-" else None
    if not parts or (alone and tokens.at(stop) not in {"of", ",", ".", ""}):
        return None
    return Decimal(1) / parts, stop


def _of_tens(tokens: Tokens, at: int, *, decimal: bool) -> tuple[Decimal, int] | None:
    """More than ten parts: "fifty-four hundredths", "twenty fifths"; `decimal` takes tenths, hundredths and so on alone.

    So "and" opens the parts of "two hundred and fifty-four hundredths", but not those of "one hundred and thirty fifths".
    """
    count, stop = TENS[tokens.word[at]], at + 1
    ones = stop + 1 if tokens.at(stop) == "-" else stop
    if SMALL.get(tokens.at(ones), 99) < 10 and not tokens.is_number(ones):
        count, stop = count + SMALL[tokens.at(ones)], ones + 1
    below = tokens.at(stop)
    parts = DENOMINATORS.get(below, 0)
    if not below.endswith("ths") or not parts or (decimal and parts not in {10, 100, 1000, 10**6, 10**9}):
        return None
    return Decimal(count) / parts, stop + 1


def denominator(tokens: Tokens, at: int) -> tuple[int, int]:
    """The parts that "fifths" or "twenty-fifth" at token `at` name, and the token after it; (0, at) if none."""
    word = tokens.at(at)
    if word in DENOMINATORS:
        return DENOMINATORS[word], at + 1
    last = tokens.at(at + 2)
    ones = ORDINALS.get(last.removesuffix("s"), 99)
    if word in TENS and tokens.at(at + 1) == "-" and ones < 10:
        return TENS[word] + ones, at + 3
    return 0, at


def _slash(tokens: Tokens, at: int) -> tuple[Decimal, int] | None:
    above, below = tokens.word[at], tokens.word[at + 2]
    whole = above.isdigit() and below.isdigit()
    if not whole or len(below) > 3 or tokens.at(at + 3) == "/" or tokens.at(at - 1) == "/":
        return None
    top, bottom = int(above), int(below)
    if top >= bottom or (top > 1 and bottom not in {3, 4, 5, 6, 8, 10, 16, 32, 64, 100}):
        return None
    return Decimal(top) / bottom, at + 3


def _proportion(tokens: Tokens, at: int, count: Decimal) -> tuple[Decimal, int] | None:
    """Such as "one in five", "two out of three", "1 in 100,000", "three in every hundred"."""
    link = tokens.at(at + 1)
    if link == "in":
        after = at + 2
    elif tokens.phrase(at + 1, at + 3) == "out of":
        after = at + 3
    else:
        return None
    every = tokens.at(after) == "every"
    below, stop = _whole(tokens, after + 1 if every else after)
    glued = tokens.glued(stop - 1) and tokens.is_word(stop)
    if below <= count or glued or tokens.at(stop) in _PERIODS or tokens.at(stop) == "-":
        return None
    if link == "in" and not every and not _is_usual(count, below):
        return None
    return count / below, stop


def _whole(tokens: Tokens, at: int) -> tuple[int, int]:
    """The whole that a proportion is of, and the token after it; (0, at) where there is none or where it is a year."""
    word = tokens.at(at)
    if tokens.is_number(at):
        digits = word.replace(",", "")
        year = len(word) == 4 and word[:2] in {"18", "19", "20"}
        below = 0 if year or not digits.isdigit() or len(digits) > 9 else int(digits)
    else:
        below = 1 if word == "a" else SMALL.get(word) or TENS.get(word) or 0
    scale = SCALES.get(tokens.at(at + 1), 100 if tokens.at(at + 1) == "hundred" else 0)
    if word in {"hundred", "thousand", "million"}:
        return SCALES.get(word, 100), at + 1
    return (below * scale, at + 2) if scale else (below, at + 1)


def _is_usual(count: Decimal, below: int) -> bool:
    """Whether "N in M" is how people tell a share: one in any number, a few in a round one."""
    if count == 1:
        return below < 21 or below % 10 == 0
    return count < 10 and (
        below < 11 or below in {20, 50} or (below >= 100 and str(below).rstrip("0") in {"1", "5"})
    )
