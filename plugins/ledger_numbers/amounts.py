"""Amounts: a numeral with the currency before it or the unit after it."""

from __future__ import annotations

from ledger_numbers.compounds import extend, opened_unit, unit_and_more
from ledger_numbers.found import Amount
from ledger_numbers.numerals import Numeral, read_numeral
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import (
    CASED,
    CODE_ALIASES,
    CODES,
    CURRENCY_ADJECTIVES,
    CURRENCY_WORDS,
    LETTERS,
    LOCAL_PREFIXES,
    MINOR,
    PREFIXES,
    SYMBOLS,
    TIME_UNITS,
    UNITS,
)
from ledger_numbers.words import LETTER_SCALES, SCALES, word_set

__all__ = ["read_amount"]

_SHORT = word_set("""
    m g t l v w c f k p bar bars ev gy mb kb db s b h ms pt rad mi ha cl dm mol eb pb
""")
_LENGTH_CONTEXT = word_set("""
    tall high wide long deep away thick across north south east west northwest northeast southwest
    southeast from below above underground race sprint final hurdles freestyle relay butterfly of in and
    or to is was at by x
""")
_MASS_CONTEXT = word_set("""
    weighs weighed weighing weigh heavy heavier lost gained of
""")
_MONEY_VERBS = word_set("""
    cost costs paid pay pays worth price priced fined fine earn earned spent spend raised bill owed
""")
_KINDS_OF_DAY = frozenset({"business", "working", "consecutive", "straight", "successive", "full", "whole"})
_OF_MANY = frozenset({"dollar", "lira"})
_ABBREVIATED = frozenset({"mio", "mrd", "mld", "bn", "mn", "mln", "bln"})
_TEMPERATURES = frozenset({"degree_Celsius", "degree_Fahrenheit", "kelvin"})


def read_amount(tokens: Tokens, at: int) -> Amount | None:
    """The amount that begins at token `at`: a currency or a number."""
    unit, number = _currency_before(tokens, at)
    numeral = read_numeral(tokens, number)
    if numeral is None:
        return unit_and_more(tokens, at) if tokens.at(at) in {"a", "an"} else None
    if unit and numeral.fraction:
        return None
    amount = Amount(
        at, numeral.stop, number, numeral.stop, "cardinal", numeral.value, numeral.mantissa, numeral.scale, unit,
        numeral.digits, numeral.fraction,
    )  # fmt: skip
    if unit:
        amount.kind = "money"
        _scale_letter(amount, numeral)
        if amount.scale == 1 and tokens.at(amount.stop) in {"mil", "mill"}:
            amount.value, amount.scale, amount.stop = amount.value * 10**6, 10**6, amount.stop + 1
        return amount
    numeral = _before_unit(tokens, amount, numeral)
    if not _unit_after(tokens, amount, numeral):
        _scale_letter(amount, numeral)
        if amount.scale > 1:
            _currency_after(tokens, amount, amount.stop)
    if amount.fraction and amount.kind == "cardinal":
        amount.kind, amount.unit = "measure", "dimensionless"
    extend(tokens, amount)
    return amount


def _before_unit(tokens: Tokens, amount: Amount, numeral: Numeral) -> Numeral:
    """The numeral moved up to its unit: over the tolerance of "9.8 ± 0.1 m", the article of "half an hour"."""
    at = numeral.stop
    if numeral.fraction:
        return numeral._replace(stop=opened_unit(tokens, at))
    if tokens.at(at) == "±":
        at += 1
    elif tokens.phrase(at, at + 3) == "+ / -":
        at += 3
    else:
        return numeral
    tolerance = read_numeral(tokens, at)
    if tolerance is None or not numeral.digits:
        return numeral
    amount.stop = tolerance.stop
    return numeral._replace(stop=tolerance.stop)


def _currency_before(tokens: Tokens, at: int) -> tuple[str, int]:
    word = tokens.at(at)
    if word in SYMBOLS:
        return SYMBOLS[word], at + 1
    if (word in PREFIXES or word in CODES) and tokens.at(at + 1) == "$" and not tokens.glued(at - 1):
        return PREFIXES.get(word) or word.upper(), at + 2
    if word == "u" and tokens.phrase(at, at + 5) == "u . s . $":
        return "USD", at + 5
    if tokens.is_number(at + 1) and not tokens.glued(at - 1):
        if word in CODES and (tokens.raw(at).isupper() or word in {"rmb", "usd", "gbp", "eur"}):
            return CODE_ALIASES.get(word.upper(), word.upper()), at + 1
        if word in LOCAL_PREFIXES:
            return LOCAL_PREFIXES[word], at + 1
        if tokens.raw(at) in LETTERS and tokens.glued(at) and _is_sum(tokens, at + 1):
            return LETTERS[tokens.raw(at)], at + 1
    if word in LOCAL_PREFIXES and tokens.at(at + 1) == "." and tokens.is_number(at + 2) and word == "rs":
        return "INR", at + 2
    return "", at


def _is_sum(tokens: Tokens, at: int) -> bool:
    """Whether a number is written as sums of money are, and not as the number of a road or a product."""
    return "," in tokens.word[at] or tokens.at(at + 1) in SCALES


def _scale_letter(amount: Amount, numeral: Numeral) -> None:
    """Give a glued letter its meaning: thousand, million, billion."""
    letter = numeral.letter
    if not letter or amount.stop != numeral.stop:
        return
    low = letter.lower()
    if low in {"b", "mm"} and not amount.unit and letter != "B":
        return
    scale = LETTER_SCALES[low]
    amount.value, amount.scale = numeral.value * scale, scale
    amount.stop += 1
    amount.after = amount.stop


def _unit_after(tokens: Tokens, amount: Amount, numeral: Numeral) -> bool:
    at = numeral.stop
    word = tokens.at(at)
    if word == "%":
        return _set(amount, "percent", "percent", at + 1)
    if word == "-" and tokens.glued(at - 1) and tokens.glued(at) and tokens.is_word(at + 1):
        at += 1
        word = tokens.at(at)
    if word in {"percent", "percents", "pc", "pct", "percentage"} or (
        word == "per" and tokens.at(at + 1) == "cent"
    ):
        stop = at + 2 if word == "per" else at + 1
        if tokens.at(stop) in {"point", "points"}:
            return _set(amount, "percent", "percentage_point", stop + 1)
        return word != "percentage" and _set(amount, "percent", "percent", stop)
    if word == "basis" and tokens.at(at + 1) in {"point", "points"}:
        return _set(amount, "percent", "basis_point", at + 2)
    if numeral.letter == "m" and _means_million(tokens, at, numeral):
        return False
    if numeral.letter in {"M", "k", "K", "B"} and not _is_degree(tokens, numeral):
        return False
    return (
        _time_after(tokens, amount, at)
        or _phrase_after(tokens, amount, at)
        or _currency_after(tokens, amount, at)
    )


def _is_degree(tokens: Tokens, numeral: Numeral) -> bool:
    return (
        numeral.letter == "K"
        and tokens.at(numeral.first - 1) in {"temperature", "at", "below", "above"}
        and numeral.value < 400
    )


def _means_million(tokens: Tokens, at: int, numeral: Numeral) -> bool:
    following = tokens.at(at + 1)
    if not tokens.is_word(at + 1) or following in _LENGTH_CONTEXT:
        return False
    return (
        following.endswith("s")
        or following in {"people", "more", "children", "women", "men", "hectares"}
        or "." in str(numeral.value)
    )


def _set(amount: Amount, kind: str, unit: str, stop: int) -> bool:
    amount.kind, amount.unit, amount.stop = kind, unit, stop
    return True


def _time_after(tokens: Tokens, amount: Amount, at: int) -> bool:
    if tokens.at(at) in _KINDS_OF_DAY and tokens.at(at + 1) in TIME_UNITS:
        at += 1
    word = tokens.at(at)
    entry = TIME_UNITS.get(word)
    if entry is None or (word in {"ms", "h"} and not (amount.digits and tokens.raw(at) == word)):
        return False
    unit = "day" if entry[0] == "night" else entry[0]
    return _set(amount, "duration", unit, at + 1)


def _phrase_after(tokens: Tokens, amount: Amount, at: int) -> bool:
    for length in (3, 2, 1):
        if at + length > len(tokens):
            continue
        phrase = tokens.phrase(at, at + length) if length > 1 else tokens.at(at)
        unit = (
            UNITS.get(phrase)
            or (length == 2 and tokens.is_word(at + 1) and UNITS.get(phrase.replace(" ", "")))
            or ""
        )
        raw = tokens.raw(at)
        if length == 1 and raw in CASED and amount.digits:
            unit = CASED[raw]
        if (
            length == 1
            and unit in _TEMPERATURES
            and len(raw) == 1
            and not _is_temperature(tokens, amount, at)
        ):
            return False
        if not unit or (length == 1 and not _fits(tokens, amount, at, phrase)):
            continue
        return _set(amount, "measure", unit, at + length)
    if (
        tokens.at(at) == "in"
        and tokens.at(at + 1) in {"thick", "wide", "tall", "long", "high", "diameter"}
        and amount.digits
    ):
        return _set(amount, "measure", "inch", at + 1)
    return False


def _is_temperature(tokens: Tokens, amount: Amount, at: int) -> bool:
    """Whether a lone `C`, `F` or `K` after a number is a degree and not the first letter of a name."""
    if abs(amount.value) > 2000 or tokens.at(at + 1) in {"-", "/"}:
        return False
    return not tokens.is_capital(at + 1)


def _fits(tokens: Tokens, amount: Amount, at: int, word: str) -> bool:
    """Whether a one-word form is the unit here and not another word."""
    if word in {"pound", "pounds"}:
        return not _is_money_pound(tokens, amount, at)
    if word in _SHORT:
        written = tokens.raw(at)
        return (
            _follows_digits(tokens, at)
            and (written.islower() or written in CASED)
            and not (tokens.glued(at) and tokens.kind[at + 1] in "nw")
        )
    if word == "°" or len(word) > 3:
        return word not in {"bars", "cups", "knots"} or tokens.is_number(at - 1)
    return _follows_digits(tokens, at) or word in {
        "mph",
        "kph",
        "ton",
        "mile",
        "km",
        "kg",
        "lux",
        "foot",
        "bit",
        "cup",
    }


def _follows_digits(tokens: Tokens, at: int) -> bool:
    """Whether a unit stands right behind a number in digits: "155 mm", "155-mm"."""
    if tokens.at(at - 1) == "-" and tokens.glued(at - 1) and tokens.glued(at - 2):
        at -= 1
    return tokens.is_number(at - 1)


def _is_money_pound(tokens: Tokens, amount: Amount, at: int) -> bool:
    if tokens.at(at + 1) == "sterling" or (tokens.is_number(at + 1) and tokens.at(at + 2) in {"pence", "p"}):
        return True
    if (tokens.at(at + 1) in _MASS_CONTEXT and (amount.scale < 10**6 or tokens.at(at + 1) != "of")) or (
        amount.scale < 10**6 and tokens.at(amount.first - 1) in _MASS_CONTEXT
    ):
        return False
    near = tokens.word[max(0, amount.first - 6) : amount.first]
    return amount.scale >= 10**6 or any(word in _MONEY_VERBS for word in near)


def _currency_after(tokens: Tokens, amount: Amount, at: int) -> bool:
    if tokens.at(at) == "." and tokens.at(at - 1) in _ABBREVIATED:
        at += 1
    word = tokens.at(at)
    opens = tokens.is_number(at + 1) and (
        tokens.glued(at) > tokens.glued(at - 1) or (word in {"$", "£"} and not tokens.glued(at - 1))
    )
    if word in SYMBOLS and not opens:
        return _set(amount, "money", SYMBOLS[word], at + 1)
    if word in CODES and (tokens.raw(at).isupper() or word in {"rmb", "usd"}):
        scale = SCALES.get(tokens.at(at + 1), 1) if amount.scale == 1 else 1
        amount.value, amount.scale = amount.value * scale, amount.scale * scale
        return _set(
            amount, "money", CODE_ALIASES.get(word.upper(), word.upper()), at + 2 if scale > 1 else at + 1
        )
    if word in {"mgbp", "musd", "meur"} and amount.digits:
        amount.value, amount.scale = amount.value * 10**6, 10**6
        return _set(amount, "money", word[1:].upper(), at + 1)
    if tokens.phrase(at, at + 4) == "u . s .":
        at += 4
        if CURRENCY_WORDS.get(tokens.at(at)) == "USD":
            return _set(amount, "money", "USD", at + 1)
    for noun_at in range(at, at + 3):
        noun = tokens.at(noun_at)
        if noun in {"pound", "pounds"} and _is_money_pound(tokens, amount, noun_at):
            stop = noun_at + 2 if tokens.at(noun_at + 1) == "sterling" else noun_at + 1
            return _set(amount, "money", _adjective(tokens, at, noun_at, "pound") or "GBP", stop)
        if noun in MINOR and (noun != "p" or tokens.glued(noun_at - 1)):
            return noun_at == at and _set(amount, "money", MINOR[noun], noun_at + 1)
        if noun in CURRENCY_WORDS:
            single = CURRENCY_WORDS[noun]
            known = _adjective(tokens, at, noun_at, noun.removesuffix("s") if single.isupper() else single)
            if noun in {"marks", "won", "som", "rand", "crown"} and (
                noun_at > at or not _really_money(tokens, amount, noun_at)
            ):
                return bool(known) and _set(amount, "money", known, noun_at + 1)
            if noun_at > at and not known:  # of a country that is not listed
                if not tokens.is_word(at) or not tokens.is_capital(noun_at - 1):
                    return False
                single = noun.removesuffix("s") if noun.removesuffix("s") in _OF_MANY else single
            return _set(amount, "money", known or single, noun_at + 1)
        if not tokens.is_capital(noun_at) and noun not in {"us", "u", ".", "s"}:
            return False
    return False


def _adjective(tokens: Tokens, at: int, noun_at: int, noun: str) -> str:
    return CURRENCY_ADJECTIVES.get((tokens.at(noun_at - 1), noun), "") if noun_at > at else ""


def _really_money(tokens: Tokens, amount: Amount, noun_at: int) -> bool:
    word = tokens.at(noun_at)
    if word == "won":
        return amount.scale >= 1000 or amount.value >= 1000
    return word in {"marks", "rand", "crown"} or amount.value >= 100
