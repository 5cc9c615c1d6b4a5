"""Numbers that count nothing: names, codes, list indexes, scores."""

from __future__ import annotations

from ledger_numbers.found import Amount
from ledger_numbers.nouns import counted_noun
from ledger_numbers.tokens import Tokens
from ledger_numbers.words import word_set

__all__ = ["is_label", "is_score"]

_LABELS = word_set("""
    no no. number nos article articles section sections page pages chapter flight room route highway
    channel resolution paragraph rule phase stage grade group gate block exit zone version figure table
    day district ward sector tier category formula part lot pier platform type class level unit
    apartment apt suite bus tram line road interstate episode season volume verse act scene title
    appendix annex clause amendment proposition prop area camp checkpoint building reactor engine runway
    terminal berth locker protocol step question item point plan division brigade regiment battalion
    squadron heat lane hole session round game set quarter week
""")
_STREETS = word_set("""
    street st avenue ave road rd lane boulevard blvd drive square place court highway
""")
_SPORT = word_set("""
    won win wins beat beats beaten lost lose defeat defeated victory drew draw drawn match game final
    semifinal quarterfinal goal goals set sets seed thrashed edged cup league innings scored scoring
    lead led tied tie overtime playoff season half halftime penalty
""")


def is_label(tokens: Tokens, amount: Amount) -> bool:
    """Whether the number names something ("Article 5", "Flight 370", "12 Vale Street", "1." at the head of a list item)."""
    if not amount.digits or amount.kind != "cardinal":
        return False
    first, stop = amount.first, amount.stop
    before, after = tokens.at(first - 1), tokens.at(stop)
    written = tokens.word[amount.number]
    if first == 0 and after in {".", ")"} and len(written) <= 3 and stop + 1 < len(tokens):
        return True
    if (before in {"(", ""} and after == ")" and len(written) <= 2) and not tokens.is_capital(first - 2):
        return True
    if before == "." and tokens.at(first - 2) in {"no", "nos", "art", "sec", "fig", "p", "pp", "ch", "vol"}:
        return True
    if "," in written:
        return False
    if before in _LABELS and not counted_noun(tokens, stop)[0]:
        return True
    if _is_address(tokens, stop):
        return True
    return _is_name_part(tokens, first, stop)


def _is_address(tokens: Tokens, stop: int) -> bool:
    if not tokens.is_capital(stop):
        return False
    return any(tokens.at(stop + step) in _STREETS and tokens.is_capital(stop + step) for step in (1, 2))


def _is_name_part(tokens: Tokens, first: int, stop: int) -> bool:
    """Such as "Boeing 737-800 crashed", "iPhone 15": a capital word inside a sentence before digits that count no noun."""
    if (
        tokens.at(stop) == "-"
        and tokens.glued(stop - 1)
        and tokens.glued(stop)
        and tokens.is_number(stop + 1)
    ):
        stop += 2
    name = tokens.raw(first - 1)
    if tokens.is_word(first - 1) and name[1:] != name[1:].lower() and name != name.upper():
        return not counted_noun(tokens, stop)[0]
    if first < 2 or not tokens.is_capital(first - 1) or not tokens.is_word(first - 1):
        return False
    opener = tokens.at(first - 2)
    if not (tokens.is_word(first - 2) or opener == ","):
        return False
    following = tokens.at(stop)
    if following in {"were", "was", "are", "have", "had", "people", "more", "%", "percent"} or tokens.at(
        first - 1
    ) in {"i", "us", "some"}:
        return False
    return not counted_noun(tokens, stop)[0] and (tokens.is_word(stop) or following in {".", "", ","})


def is_score(tokens: Tokens, left: Amount, right: Amount) -> bool:
    """Whether "3-1" is the score of a game or a vote and not a range."""
    if not (left.digits and right.digits):
        return False
    if left.value >= right.value:
        return True
    if left.value > 30 or right.value > 30:
        return False
    near = tokens.word[max(0, left.first - 8) : left.first] + tokens.word[right.stop : right.stop + 6]
    return any(word in _SPORT for word in near)
