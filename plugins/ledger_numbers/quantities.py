"""Quantities of one sentence: amounts with their bounds, ranges, counted nouns and wholes."""

from __future__ import annotations

from decimal import Decimal

from ledger_numbers.ages import age_by_decade, age_of_anybody, age_of_duration
from ledger_numbers.amounts import read_amount
from ledger_numbers.compounds import unit_and_more
from ledger_numbers.cues import left_cue, right_cue
from ledger_numbers.durations import lasting_unit
from ledger_numbers.found import Amount, Found, Time
from ledger_numbers.labels import is_label, is_score
from ledger_numbers.nouns import counted_noun
from ledger_numbers.relations import relate
from ledger_numbers.temperatures import SCALE_NAMES, degrees_meant, scale_alone
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import CURRENCY_WORDS, TIME_UNITS
from ledger_numbers.words import DECADES, DENOMINATORS, ORDINALS, SCALES, SMALL, TENS, VAGUE, ZERO, word_set

__all__ = ["read_quantities"]

_STARTS = (
    frozenset(SMALL)
    | frozenset(TENS)
    | ZERO
    | {"a", "an", "half", "minus", "negative", "us", "u", "rs", "rm", "rp"}
)
_CHANGES = word_set("""
    rose rise rises risen rising fell fall falls fallen falling up down climbed climbs jumped jumps
    dropped drops dipped gained gains lost slipped slid increased increases decreased declined grew
    grown raised cut lifted lowered revised reduced soared tumbled plunged added
""")
_RANGE_OPENERS = word_set("""
    range ranges ranged ranging anywhere somewhere age ages aged vary varies varied varying
""")
_ARTICLES = frozenset({"a", "an", "the", "some"})
_VAGUE_LEFT = frozenset({"several", "few", "couple", "many", "multiple", "some"})
_ONE_LEFT = word_set("""
    no every any each this that which another some the other or day-
""")
_ONE_RIGHT = word_set("""
    another of day side thing way point time reason who that which is was has can could would should
    must may might will more or and in to by at on for from with as such could's
""")
_UNCOUNTED = Decimal(10) ** 24


def read_quantities(tokens: Tokens, times: list[Time]) -> list[Found]:
    """The quantities of a sentence whose dates and clock times are already known."""
    blocked = [False] * (len(tokens) + 1)
    for time in times:
        if not time.numbers:
            blocked[time.first : time.stop] = [True] * (time.stop - time.first)
    found: list[Found] = []
    at = 0
    while at < len(tokens):
        quantity = None
        if not blocked[at]:
            quantity = _read(tokens, at, blocked)
        if quantity is None:
            at += 1
            continue
        if quantity.kind != "":
            found.append(quantity)
        at = max(quantity.stop, at + 1)
    return relate(tokens, found)


def _read(tokens: Tokens, at: int, blocked: list[bool]) -> Found | None:
    word, kind = tokens.word[at], tokens.kind[at]
    if kind == "x":
        return None
    if kind == "w":
        if word in _ARTICLES and (tokens.at(at + 1) in TIME_UNITS or tokens.at(at + 1) in {"full", "whole"}):
            lasting = lasting_unit(tokens, at)
            if lasting is not None and unit_and_more(tokens, at) is None:
                return _described(tokens, lasting)
        if word in DECADES or word.endswith("something"):
            return age_by_decade(tokens, at)
        if word in SCALE_NAMES:
            return scale_alone(tokens, at)
        if word in VAGUE or word in _VAGUE_LEFT or word == "handful":
            return _vague(tokens, at)
        if word in ORDINALS:
            return _ordinal_word(tokens, at)
        if (
            word not in _STARTS
            and tokens.at(at + 1) != "$"
            and not tokens.is_number(at + 1)
            and word != "between"
        ):
            return None
    elif kind == "n":
        ordinal = _ordinal_digits(tokens, at)
        if ordinal is not None:
            return ordinal
    if word in TENS or kind == "n":
        by_decade = age_by_decade(tokens, at)
        if by_decade is not None:
            return by_decade
    if word == "between":
        return _between(tokens, at, blocked)
    if word == "one" and not _counts_one(tokens, at):
        return None
    amount = read_amount(tokens, at)
    if amount is not None and amount.kind == "cardinal" and not amount.digits:
        ordinal = _ordinal_after(tokens, amount)
        if ordinal is not None:
            return ordinal
    if amount is None or _refused(tokens, amount):
        return Found(at, amount.stop, at, "") if amount is not None and amount.stop > at else None
    return _ranged(tokens, amount) or _finished(tokens, amount)


def _refused(tokens: Tokens, amount: Amount) -> bool:
    """Whether the number is part of a name, a code, a score or a list index, or larger than what anybody counts."""
    first, stop = amount.first, amount.stop
    if abs(amount.value) >= _UNCOUNTED:
        return True
    if first > 0 and tokens.glued(first - 1):
        before = tokens.at(first - 1)
        if (
            tokens.kind[first - 1] in "nwx"
            or before in {"_", "/", "@", "\\", "^", "=", ":"}
            or (before == "." and tokens.glued(first - 2))
        ):
            return True
        if (
            before in {"-", "−", "'"}
            and tokens.glued(first - 2)
            and tokens.kind[first - 2] in "nw"
            and tokens.at(first - 2) not in {"magnitude", "least"}
        ):
            return True
    if stop < len(tokens) and tokens.glued(stop - 1):
        after = tokens.at(stop)
        if tokens.kind[stop] in "nwx" or after in {"_", "@", "^", "\\"}:
            return True
        if (
            after in {"/", ":"}
            and tokens.glued(stop)
            and tokens.is_number(stop + 1)
            and amount.kind == "cardinal"
        ):
            return True
    return is_label(tokens, amount)


def _counts_one(tokens: Tokens, at: int) -> bool:
    following = tokens.at(at + 1)
    if following == "point":
        return tokens.at(at + 2) in SMALL or tokens.at(at + 2) in ZERO
    if (
        following in SCALES
        or following in {"hundred", "-", "dozen", "and"}
        or following in DENOMINATORS
        or following in {"in", "out", "over"}
    ):
        return following not in {"in", "over", "and"} or _opens_numeral(tokens, at)
    return tokens.at(at - 1) not in _ONE_LEFT and following not in _ONE_RIGHT and tokens.is_word(at + 1)


def _opens_numeral(tokens: Tokens, at: int) -> bool:
    """Whether "one" opens a longer numeral or a proportion here."""
    amount = read_amount(tokens, at)
    return amount is not None and amount.after > at + 1


def _vague(tokens: Tokens, at: int) -> Found | None:
    """Such as "dozens", "tens of thousands of", "several hundred", "a few", "a couple of"."""
    word = tokens.word[at]
    first = at - 1 if tokens.at(at - 1) in {"a", "the"} and word in {"few", "couple", "handful"} else at
    stop = at + 1
    if word in _VAGUE_LEFT:
        if word == "couple" and tokens.at(stop) != "of" and tokens.at(first) != "a":
            return None
        following = tokens.at(stop)
        if following in SCALES or following in {"hundred", "dozen", "tens"} or following in VAGUE:
            stop += 1
        elif word in {"some", "many", "multiple"} or (word == "few" and first == at):
            return None
    while tokens.at(stop) == "of" and tokens.at(stop + 1) in VAGUE:
        stop += 2
    if word == "scores" and tokens.at(stop) != "of":
        return None
    if (
        word in {"tens", "hundreds", "thousands", "millions", "billions"}
        and stop == at + 1
        and tokens.at(stop) not in {"of", "more"}
        and tokens.at(at - 1) in {"in", "by"}
    ):
        return None
    after = stop + 1 if tokens.at(stop) == "of" else stop
    if tokens.at(after) in {"the", "its", "their", "his", "our"}:
        after += 1
    noun, _ = counted_noun(tokens, after)
    if word in {"couple", "few", "several", "handful"} and not noun:
        return None
    form = tokens.at(after)
    if form in TIME_UNITS and TIME_UNITS[form][1]:
        return Found(first, after + 1, at, "duration", "vague", unit=TIME_UNITS[form][0])
    if form in CURRENCY_WORDS and form not in {"marks", "crowns", "won"}:
        return Found(first, after + 1, at, "money", "vague", unit=CURRENCY_WORDS[form])
    return Found(first, stop, at, "cardinal", "vague", noun=noun)


def _ordinal_digits(tokens: Tokens, at: int) -> Found | None:
    if not (
        tokens.glued(at)
        and tokens.at(at + 1) in {"st", "nd", "rd", "th"}
        and tokens.word[at].replace(",", "").isdigit()
    ):
        return None
    value = Decimal(tokens.word[at].replace(",", ""))
    noun, _ = counted_noun(tokens, at + 2, one=True)
    return Found(at, at + 2, at, "ordinal", value=value, low=value, high=value, noun=noun)


def _ordinal_word(tokens: Tokens, at: int) -> Found | None:
    word = tokens.word[at]
    if word in {"first", "second"} and not (
        tokens.is_word(at + 1)
        and tokens.at(at - 1) in {"the", "its", "their", "his", "her", "a", "our", "in"}
    ):
        return None
    first, value = at, Decimal(ORDINALS[word])
    if value < 10 and tokens.at(at - 1) == "-" and tokens.at(at - 2) in TENS:
        first, value = at - 2, value + TENS[tokens.at(at - 2)]
    noun, _ = counted_noun(tokens, at + 1, one=True)
    return Found(first, at + 1, at, "ordinal", value=value, low=value, high=value, noun=noun)


def _ordinal_after(tokens: Tokens, amount: Amount) -> Found | None:
    """The ordinal that a number in words opens: "twenty-first", "one hundred and seventh"."""
    at = amount.stop
    tens = tokens.at(at - 1) in TENS and tokens.at(at) == "-"
    if tokens.at(at) in {"-", "and"}:
        at += 1
    last = tokens.at(at)
    room = 10 if tens else 100 if amount.value >= 100 else 0
    if last not in ORDINALS or ORDINALS[last] >= room or amount.value % room:
        return None
    if tokens.at(at - 1) == "and" and tokens.at(at + 1).endswith("s"):  # "one hundred and first responders"
        return None
    value = amount.value + ORDINALS[last]
    noun, _ = counted_noun(tokens, at + 1, one=True)
    return Found(amount.first, at + 1, amount.first, "ordinal", "exact", value, value, value, noun=noun)


def _between(tokens: Tokens, at: int, blocked: list[bool]) -> Found | None:
    left = read_amount(tokens, at + 1)
    if left is None or tokens.at(left.stop) not in {"and", "to", "-"} or blocked[at + 1]:
        return None
    right = read_amount(tokens, left.stop + 1)
    if right is None or not _pair(left, right):
        return None
    return _range(tokens, at, left, right)


def _pair(left: Amount, right: Amount) -> bool:
    """Make two ends of a range agree in scale and unit; False where they do not belong together."""
    if left.unit and right.unit and left.unit != right.unit:
        return False
    if left.unit and not right.unit and left.kind != "money":
        return False
    if (
        left.scale == 1
        and right.scale > 1
        and left.value < right.mantissa
        and left.kind in {"cardinal", "money"}
    ):
        left.value *= right.scale
        left.scale = right.scale
    return left.value < right.value


def _range(tokens: Tokens, first: int, left: Amount, right: Amount) -> Found:
    kind, unit = (right.kind, right.unit) if right.unit else (left.kind, left.unit)
    whole = Found(first, right.stop, left.number, kind, "range", left.value, left.value, right.value, unit)
    if kind == "duration":
        age_of_duration(tokens, whole)
    elif kind == "cardinal" and tokens.at(first - 1) in {"aged", "age", "ages"}:
        whole.kind, whole.unit = "age", "year"
    _describe(tokens, whole)
    return whole


def _ranged(tokens: Tokens, left: Amount) -> Found | None:
    """Such as "40-50", "5 to 10 million", "from 20 to 30" of a range, "two or three", "18-to-24-year-olds"."""
    if tokens.phrase(left.stop, left.stop + 3) == "- to -" and left.kind == "cardinal":
        last = read_amount(tokens, left.stop + 3)
        return _range(tokens, left.first, left, last) if last is not None and _pair(left, last) else None
    link = tokens.at(left.stop)
    if link not in {"-", "–", "—", "~", "to", "or"} or left.value < 0:
        return None
    if link == "-" and tokens.glued(left.stop) != tokens.glued(left.stop - 1):
        return None
    right = read_amount(tokens, left.stop + 1)
    if right is None or right.value < 0 or right.fraction != left.fraction:
        return None
    before = tokens.at(left.first - 1)
    if link == "or":
        gap = right.mantissa - left.value if left.scale == 1 else right.value - left.value
        close = gap == 1 or (
            left.value >= 10 and left.value < right.value <= 2 * left.value and left.value % 10 == 0
        )
        if not close or left.kind != "cardinal":
            return None
    if link in {"-", "–", "—"} and left.kind == "cardinal" and is_score(tokens, left, right):
        return Found(left.first, right.stop, left.number, "")
    first = left.first
    if link == "to":
        opener = tokens.at(left.first - 2)
        if before == "from" and opener in _CHANGES:
            return None
        if before == "from" and (
            opener in _RANGE_OPENERS or right.unit or left.unit or _pairs_plainly(tokens, left)
        ):
            first = left.first - 1
        elif before == "from" or before in _CHANGES or before == "by":
            return None
    return _range(tokens, first, left, right) if _pair(left, right) else None


def _pairs_plainly(tokens: Tokens, left: Amount) -> bool:
    near = tokens.word[max(0, left.first - 6) : left.first]
    return not any(word in _CHANGES for word in near)


def _finished(tokens: Tokens, amount: Amount) -> Found:
    value = amount.value
    found = Found(
        amount.first, amount.stop, amount.number, amount.kind, "exact", value, value, value, amount.unit
    )
    if amount.kind == "duration":
        age_of_duration(tokens, found)
    elif amount.kind == "cardinal":
        age_of_anybody(tokens, found)
    degrees_meant(tokens, found)
    return _described(tokens, found)


def _described(tokens: Tokens, found: Found) -> Found:
    _describe(tokens, found)
    return found


def _describe(tokens: Tokens, found: Found) -> None:
    """Set operator, noun and partitive noun."""
    op, first = left_cue(tokens, found.first, duration=found.kind == "duration")
    right, stop = right_cue(tokens, found.stop)
    if right:
        found.stop = stop
    if found.kind in {"cardinal", "percent", "measure"}:
        at = stop + 1 if tokens.at(stop) == "-" and tokens.glued(stop) and tokens.glued(stop - 1) else stop
        of = tokens.at(at) == "of"
        if (found.kind == "cardinal" or found.unit == "dimensionless") and not of:
            found.noun, _ = counted_noun(tokens, at, one=found.value == 1 or at > stop)
        elif of:
            after = (
                at + 2
                if tokens.at(at + 1) in {"the", "its", "their", "all", "those", "these", "our", "his"}
                else at + 1
            )
            found.noun, _ = counted_noun(tokens, after)
            if not found.noun and found.kind == "measure" and tokens.is_word(after):
                found.noun, _ = counted_noun(tokens, after, one=True)
    if not right and found.noun:
        right = _right_of_noun(tokens, stop)
    if found.op == "range":
        return
    if op:
        found.first = first
    if op or right:
        _bound(found, right if right and op in {"", "approx"} else op)


def _right_of_noun(tokens: Tokens, stop: int) -> str:
    """A bound that follows the noun: "40 people or more"."""
    for at in range(stop + 1, min(stop + 4, len(tokens))):
        if tokens.word[at] in {"or", "and"}:
            return right_cue(tokens, at)[0]
    return ""


def _bound(found: Found, op: str) -> None:
    found.op = op
    if op == "min":
        found.high = None
    elif op == "max":
        found.low = None
