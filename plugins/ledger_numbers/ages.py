"""Ages: `a 42-year-old`, `ten months old`, `Ada Vale, 47,`, `in his late 40s`, `children under five`, `a decade old`."""

from __future__ import annotations

from decimal import Decimal

from ledger_numbers.found import Found
from ledger_numbers.tokens import Tokens
from ledger_numbers.words import DECADES, TENS, word_set

__all__ = ["age_by_decade", "age_of_anybody", "age_of_duration"]

_OLD = frozenset({"old", "olds"})
_SOMEBODY = word_set("""
    man woman boy girl son daughter brother sister father mother husband wife child baby teenager
    driver victim suspect student pupil pensioner
""")
_PEOPLE = word_set("""
    people children adults men women boys girls kids youths babies infants toddlers those anyone everyone everybody nobody
    person child minor minors voters men's women's
""")
_OWNERS = word_set("""
    his her their my your our
""")
_PARTS = frozenset({"early", "mid", "late"})
_CLOSED = frozenset({"", ".", ",", ";", ":", "!", "?", "—", "–", ")"})
_AFTER_GROUP = _CLOSED | {"and", "or", "are", "were", "is", "was", "who", "in", "have", "had", "can", "must"}
_OLDEST = 116
_TENS = frozenset(str(ten) for ten in range(10, 110, 10))


def age_of_duration(tokens: Tokens, found: Found) -> None:
    """Turn a duration into an age: "23-year-old", "ten months old", "18 months of age"."""
    stop = found.stop
    if tokens.at(stop) == "-" and tokens.at(stop + 1) in _OLD:
        found.kind, found.stop = "age", stop + 2
    elif tokens.at(stop) in _OLD:
        found.kind, found.stop = "age", stop + 1
    elif tokens.phrase(stop, stop + 2) == "of age":
        found.kind, found.stop = "age", stop + 2


def age_of_anybody(tokens: Tokens, found: Found) -> None:
    """Turn a bare number into an age: "aged 23", "Ada Vale, 47, said", "(47)", "she is 34", "children under 5"."""
    value = found.value
    if value is None or not 0 < value < _OLDEST or value != value.to_integral_value():
        return
    before, after = tokens.at(found.first - 1), tokens.at(found.stop)
    whom = found.first - 2
    named = tokens.is_word(whom) and (tokens.is_capital(whom) or tokens.at(whom) in _SOMEBODY)
    if (
        before in {"aged", "age"}
        or (before == ":" and tokens.at(whom) == "age")
        or (before in {"turned", "turning", "turns"} and after in {*_CLOSED, "in", "on", "this", "last"})
        or (after in {"or", "and"} and tokens.at(found.stop + 1) in {"older", "younger"})
        or (after == "yo" and tokens.glued(found.stop - 1))
        or tokens.phrase(found.stop, found.stop + 3) == "y . o"
        or (before == "of" and tokens.at(whom) == "age")
        or (named and ((before == "," and after in {",", "."}) or (before == "(" and after == ")")))
        or _told(tokens, found.first, found.stop, value)
    ):
        found.kind, found.unit = "age", "year"


def _told(tokens: Tokens, first: int, stop: int, value: Decimal) -> bool:
    """Such as "she is 34.", "he died at 91.", "children under 5 are free"."""
    before, after = tokens.at(first - 1), tokens.at(stop)
    if before in {"under", "over", "above"}:
        return tokens.at(first - 2) in _PEOPLE and after in _AFTER_GROUP
    if after not in _CLOSED and after not in {"and", "when"}:
        return False
    if before == "at":
        return after in _CLOSED and tokens.at(first - 2) in {"died", "dies"}
    verb = first - 2 if before in {"just", "only", "already"} else first - 1
    return value > 2 and tokens.at(verb) in {"is", "was"} and tokens.at(verb - 1) in {"he", "she"}


def age_by_decade(tokens: Tokens, at: int) -> Found | None:
    """Such as "in his 40s", "her mid-thirties", "a 50-something man": an age that is told by the ten years it lies in."""
    word = tokens.at(at)
    vague = word.endswith("something")
    ten, stop = _ten(tokens, at, word.removesuffix("something")), at + 1
    if tokens.at(stop) == "-" and tokens.at(stop + 1) in {"something", "somethings"}:
        vague, stop = True, stop + 2
    if not ten or vague:
        return _decade(at, stop, at, ten) if ten else None
    if tokens.is_number(at):
        if tokens.at(stop) != "s" or not tokens.glued(at):
            return None
        stop += 1
    elif word not in DECADES:
        return None
    first = at - 1 if tokens.at(at - 1) == "-" else at
    first = first - 1 if tokens.at(first - 1) in _PARTS else at
    return _decade(first, stop, at, ten) if tokens.at(first - 1) in _OWNERS else None


def _ten(tokens: Tokens, at: int, word: str) -> int:
    """The first of the ten years that "40", "forty" or "forties" names; 0 for another token."""
    if tokens.is_number(at):
        return int(word) if word in _TENS else 0
    return DECADES.get(word) or TENS.get(word, 0)


def _decade(first: int, stop: int, core: int, ten: int) -> Found:
    return Found(first, stop, core, "age", "vague", low=Decimal(ten), high=Decimal(ten + 9), unit="year")
