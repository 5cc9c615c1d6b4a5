"""Numerals: the longest run of tokens that names one number, in digits, in words or in both."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from ledger_numbers.fractions import HALF, denominator, fraction
from ledger_numbers.tokens import VULGAR, Tokens, decimal_of
from ledger_numbers.words import DENOMINATORS, LETTER_SCALES, SCALES, SMALL, TENS, ZERO

__all__ = ["Numeral", "as_number", "read_numeral"]

_OPENERS = frozenset({"hundred", "thousand", "million", "billion", "trillion", "dozen", "lakh", "crore"})
_SIGNIFICANT = 15
_LONGEST = 32


class Numeral(NamedTuple):
    """A number at tokens `first` up to `stop`.

    `mantissa` and `scale` are the parts of "2.5 million"; `letter` is a glued `k`, `m` or `b` that has not been given a
    meaning yet. `fraction` marks a share such as "two thirds", `digits` a number written in digits only.
    """

    first: int
    stop: int
    value: Decimal
    mantissa: Decimal
    scale: int = 1
    digits: bool = False
    fraction: bool = False
    letter: str = ""


def as_number(value: Decimal) -> int | float:
    """An int where the value is whole, else the nearest float."""
    if value == value.to_integral_value():
        return int(value)
    return float(round(value, _SIGNIFICANT))


def read_numeral(tokens: Tokens, at: int) -> Numeral | None:
    """The numeral that begins at token `at`, or None."""
    sign, first = _sign(tokens, at)
    numeral = _half_of_scale(tokens, first) or _share(tokens, first) or _cardinal(tokens, first)
    if numeral is None:
        return None
    numeral = _over(tokens, _of_scale(tokens, numeral))
    if sign < 0:
        return numeral._replace(first=at, value=-numeral.value, mantissa=-numeral.mantissa)
    return numeral


def _sign(tokens: Tokens, at: int) -> tuple[int, int]:
    word = tokens.at(at)
    if word in {"minus", "negative"}:
        return -1, at + 1
    opened = not tokens.glued(at - 1) or tokens.at(at - 1) in {"<", ">", "=", "(", "~"}
    if word in {"-", "−"} and tokens.is_number(at + 1) and tokens.glued(at) and opened:
        return -1, at + 1
    return 1, at


def _half_of_scale(tokens: Tokens, at: int) -> Numeral | None:
    """Such as "half a million", "half a dozen", "half-million"."""
    if tokens.at(at) != "half":
        return None
    after = at + 1
    if tokens.at(after) in {"a", "-"}:
        after += 1
    scale = 12 if tokens.at(after) == "dozen" else SCALES.get(tokens.at(after), 0)
    if scale and tokens.at(after).isalpha():
        return Numeral(at, after + 1, HALF * scale, HALF, scale)
    return None


def _share(tokens: Tokens, at: int) -> Numeral | None:
    """A plain fraction: "two thirds", "a quarter of", "one-fifth", "3/4", "half", "one in five", "½"."""
    found = fraction(tokens, at, alone=True)
    if found is None:
        return None
    value, stop = found
    return Numeral(at, stop, value, value, fraction=True)


def _of_scale(tokens: Tokens, numeral: Numeral) -> Numeral:
    """Take in "of a million" after a share."""
    if numeral.fraction and tokens.phrase(numeral.stop, numeral.stop + 2) == "of a":
        scale = SCALES.get(tokens.at(numeral.stop + 2), 0)
        if scale:
            return numeral._replace(
                stop=numeral.stop + 3, value=numeral.value * scale, scale=scale, fraction=False
            )
    return numeral


def _over(tokens: Tokens, above: Numeral) -> Numeral:
    """Take in the denominator of "one over twenty-one", where nothing is counted after it."""
    if tokens.at(above.stop) != "over" or above.fraction or above.scale > 1:
        return above
    below = _cardinal(tokens, above.stop + 1)
    if below is None or not 0 < above.value < below.value or above.value > 9:
        return above
    if tokens.is_word(below.stop) or tokens.at(below.stop) in {"%", "-", ":", "/", "$", "£", "€"}:
        return above
    share = above.value / below.value
    return Numeral(above.first, below.stop, share, share, fraction=True)


class _Sum:
    """The running value of a numeral: finished groups in `total`, the open group in `group`."""

    __slots__ = ("group", "last", "total")

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.group: Decimal | None = None
        self.last = 0

    def add_small(self, value: int, previous: str) -> bool:
        if self.group is None:
            self.group = Decimal(value)
            return True
        gap = 10 if value < 10 and previous in TENS else 100 if previous in {"hundred", "and"} else 0
        if gap and self.group % gap == 0 and self.group >= gap:
            self.group += value
            return True
        return False

    def add_scale(self, scale: int) -> bool:
        if self.group is None:
            if not self.total or not self.last:
                return False
            self.total *= scale
        elif self.last and scale > self.last:
            self.total = (self.total + self.group) * scale
        else:
            self.total += self.group * scale
        self.group, self.last = None, scale
        return True

    def value(self) -> Decimal:
        return self.total + (self.group or 0)


def _cardinal(tokens: Tokens, at: int) -> Numeral | None:
    running = _Sum()
    j = at
    previous = ""
    in_words = not tokens.is_number(at)
    mantissa = Decimal(0)
    scale = 1
    while j - at < _LONGEST:
        word = tokens.at(j)
        if tokens.is_number(j):
            if not _add_digits(tokens, j, running, previous):
                break
        elif word in ZERO and running.group is None and not running.total:
            running.group = Decimal(0)
            j += 1
            break
        elif word in SMALL or word in TENS:
            if (
                running.total
                and not in_words
                and previous in SCALES
                and word in SMALL
                and running.group is None
            ):
                break
            parts, stop = denominator(tokens, j) if word in TENS and j > at else (0, j)
            if parts and tokens.at(stop - 1).endswith("s"):
                share = running.value() / parts
                return Numeral(at, stop, share, share, fraction=True)
            if not running.add_small(SMALL.get(word) or TENS[word], previous):
                break
        elif (
            word in {"hundred", "hundreds"}
            and running.group is not None
            and running.group > 0
            and previous != "hundred"
        ):
            running.group *= 100
            mantissa, word = running.value() / 100, "hundred"
            scale = 1 if running.total else 100
        elif word in {"dozen", "dozens"} and running.group is not None and previous and previous != "dozen":
            return Numeral(at, j + 1, running.value() * 12, running.value(), 12)
        elif (word in SCALES or word.removesuffix("s") in SCALES) and j > at:
            step = SCALES.get(word) or SCALES[word.removesuffix("s")]
            mantissa = running.value()
            if not running.add_scale(step):
                break
            scale, word = step, word.removesuffix("s")
        elif word in {"a", "an"} and j == at and tokens.at(j + 1) in _OPENERS:
            running.group = Decimal(1)
        elif word == "and" and j > at:
            half = _and_fraction(tokens, j, running)
            if half is not None:
                return _finish_half(tokens, at, half, running, mantissa)
            if not _and_continues(tokens, j, running, previous, in_words=in_words):
                break
        elif (
            word == "-"
            and j > at
            and tokens.glued(j - 1)
            and tokens.glued(j)
            and _hyphen_continues(tokens, j, previous)
        ) or (
            word == "-"
            and previous in TENS
            and SMALL.get(tokens.at(j + 1), 99) < 10
            and not tokens.is_number(j + 1)
        ):
            j += 1
            continue
        else:
            break
        previous = word if not tokens.is_number(j) else "#"
        j += 1
    if j > at and tokens.at(j - 1) == "and":
        j -= 1
    if j == at or (running.group is None and not running.total):
        return None
    if tokens.at(at) in {"a", "an"} and j == at + 1:
        return None
    return _finish(tokens, at, j, running, mantissa, scale)


def _add_digits(tokens: Tokens, j: int, running: _Sum, previous: str) -> bool:
    value = decimal_of(tokens.word[j])
    if not previous:
        running.group = value
        return True
    if previous == "hundred" and running.group is not None and value < 100:
        running.group += value
        return True
    if previous == "and" and running.group is not None and value < 100 and running.group % 100 == 0:
        running.group += value
        return True
    if (
        previous in SCALES
        and running.group is None
        and value < running.last
        and tokens.at(j + 1) in {"hundred", "thousand"}
    ):
        running.group = value
        return True
    return False


def _and_continues(tokens: Tokens, j: int, running: _Sum, previous: str, *, in_words: bool) -> bool:
    following = tokens.at(j + 1)
    if previous == "hundred":
        return (
            following in SMALL
            or following in TENS
            or (tokens.is_number(j + 1) and following.isdigit() and len(following) < 3)
        )
    if previous in SCALES and not in_words:
        return following in SMALL and tokens.at(j + 2) in {"hundred", "thousand"}
    if previous in SCALES and running.last >= 1000:
        return following in TENS or (
            following in SMALL and tokens.at(j + 2) not in {"other", "others", "more"}
        )
    return False


def _hyphen_continues(tokens: Tokens, j: int, previous: str) -> bool:
    following = tokens.at(j + 1)
    if previous in TENS:
        return SMALL.get(following, 99) < 10
    if following in SCALES or following == "hundred":
        return True
    return following == "and" or (
        previous in {"and", "hundred"} and (following in SMALL or following in TENS or following == "a")
    )


def _and_fraction(tokens: Tokens, j: int, running: _Sum) -> tuple[Decimal, int] | None:
    after = j + 1
    if tokens.at(after) == "-":
        after += 1
    if tokens.at(after) == "a" and tokens.at(after + 1) == "-":
        if tokens.at(after + 2) == "half":
            return HALF, after + 3
        return None
    found = fraction(tokens, after, alone=False)
    if found is None or tokens.is_number(after):
        return None
    value, stop = found
    if running.group is None and not running.total:
        return None
    if tokens.at(after) == "half" and tokens.at(stop) not in SCALES:
        return None
    return value, stop


def _finish_half(
    tokens: Tokens, at: int, half: tuple[Decimal, int], running: _Sum, mantissa: Decimal
) -> Numeral:
    """A number with "and a half": the half is of the last scale, or of one, or of the scale that follows it."""
    share, stop = half
    if tokens.at(stop) == "-" and tokens.at(stop + 1) in SCALES and tokens.glued(stop):
        stop += 1
    following = SCALES.get(tokens.at(stop), 0)
    if running.group is None:
        scale = following or running.last
        value = running.total + share * scale
        return Numeral(at, stop + 1 if following else stop, value, mantissa + share, scale)
    value = running.value() + share
    if following:
        return Numeral(at, stop + 1, value * following, value, following)
    return Numeral(at, stop, value, value)


def _finish(tokens: Tokens, at: int, j: int, running: _Sum, mantissa: Decimal, scale: int) -> Numeral:
    value = running.value()
    digits = j == at + 1 and tokens.is_number(at)
    if digits:
        mixed = _mixed(tokens, at)
        if mixed is not None:
            share, stop = mixed
            return _scaled(tokens, Numeral(at, stop, value + share, value + share))
        letter = tokens.at(j) if tokens.glued(j - 1) and tokens.at(j) in LETTER_SCALES else ""
        if letter and not (j + 1 < len(tokens) and tokens.glued(j) and tokens.kind[j + 1] in "nw"):
            return Numeral(at, j, value, value, digits=True, letter=tokens.raw(j))
        if tokens.raw(j) == "M" and not tokens.is_word(j + 1):
            return Numeral(at, j + 1, value * 10**6, value, 10**6)
        power = _power(tokens, j, value)
        if power is not None:
            return Numeral(at, power[1], power[0], power[0])
    elif tokens.at(j) == "point":
        return _point(tokens, at, j, value)
    elif tokens.at(j) in DENOMINATORS and tokens.at(j).endswith("ths") and value > 9:
        share = value / DENOMINATORS[tokens.at(j)]
        return Numeral(at, j + 1, share, share, fraction=True)
    last = tokens.at(j - 1).removesuffix("s")
    if last not in SCALES and last != "hundred":
        mantissa, scale = value, 1
    return Numeral(at, j, value, mantissa, scale, digits=digits)


def _power(tokens: Tokens, j: int, base: Decimal) -> tuple[Decimal, int] | None:
    """Such as "10^6": the value and the token after it."""
    if tokens.at(j) != "^" or not tokens.glued(j - 1) or not tokens.glued(j):
        return None
    k, sign = j + 1, 1
    while tokens.at(k) in {"+", "-"}:
        sign *= -1 if tokens.at(k) == "-" else 1
        k += 1
    exponent = tokens.at(k)
    if not (tokens.is_number(k) and exponent.isdigit() and len(exponent) < 3):
        return None
    return base ** (sign * int(exponent)), k + 1


def _mixed(tokens: Tokens, at: int) -> tuple[Decimal, int] | None:
    """The "1/2" of "2 1/2", or the "½" of "2½"."""
    word = tokens.at(at + 1)
    if not tokens.word[at].isdigit():
        return None
    if word in VULGAR:
        return decimal_of(word), at + 2
    if tokens.is_number(at + 1) and tokens.at(at + 2) == "/":
        return fraction(tokens, at + 1, alone=True)
    return None


def _scaled(tokens: Tokens, numeral: Numeral) -> Numeral:
    scale = SCALES.get(tokens.at(numeral.stop), 0)
    if not scale:
        return numeral
    return numeral._replace(stop=numeral.stop + 1, value=numeral.value * scale, scale=scale)


def _point(tokens: Tokens, at: int, j: int, value: Decimal) -> Numeral:
    digits = ""
    k = j + 1
    while tokens.at(k) in SMALL or tokens.at(k) in ZERO:
        digit = SMALL.get(tokens.at(k), 0)
        if digit > 9:
            break
        digits += str(digit)
        k += 1
    if not digits:
        return Numeral(at, j, value, value)
    whole = value + Decimal("0." + digits)
    return _scaled(tokens, Numeral(at, k, whole, whole))
