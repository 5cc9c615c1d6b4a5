"""Words around a number that bound or soften it."""

from __future__ import annotations

from ledger_numbers.tokens import Tokens
from ledger_numbers.words import word_set

__all__ = ["left_cue", "right_cue"]

_LEFT = {
    "approx": "about|around|some|roughly|approximately|approx|approx .|circa|c .|ca .|close to|near|nearly|almost|estimated"
    "|an estimated|somewhere around|in the region of|on the order of|of the order of|in the order of|something like|just under|just shy of"
    "|the best part of|an approximate|as good as|~|≈|nearing|approaching|or so|about as many as|neighborhood of|an average of"
    "|a little under|slightly under|slightly less than|slightly fewer than|just about|close on|an estimate of",
    "min": "at least|more than|over|past|above|no fewer than|no less than|not less than|not fewer than|in excess of|upwards of"
    "|upward of|exceeding|exceed|exceeds|exceeded|surpassing|surpassed|surpasses|topping|topped|tops|passed|a minimum of|minimum"
    "|greater than|larger than|bigger than|higher than|well over|far more than|many more than|at a minimum|as few as|just over|a little over|slightly over"
    "|slightly more than|a little more than|just above|well above|>|≥|> =|= >|not under|minimum of|at the very least|beyond|higher or equal than"
    "|greater than or equal to|more than or equal to|bigger or equal than",
    "max": "up to|as many as|as much as|at most|no more than|not more than|fewer than|less than|under|below|a maximum of|maximum"
    "|maximum of|lower than|smaller than|not exceeding|no greater than|no higher than|well under|well below|far fewer than|far less than|<|≤|< =|= <"
    "|at the most|not over|not above|lower or equal than|less than or equal to|fewer than or equal to|no longer than|as high as",
}
_CUES = {tuple(cue.split(" ")): op for op, cues in _LEFT.items() for cue in cues.split("|")}
_LONGEST = max(map(len, _CUES))
_LAST = frozenset(cue[-1] for cue in _CUES)
_TRANSPARENT = word_set("""
    a an the another only just further additional extra
""")

_RIGHT = {
    "approx": "or so|or thereabouts|- odd|- ish|give or take|more or less|approximately",
    "min": "or more|and more|or greater|or higher|or above|or over|or older|and older|or longer|or later|and counting|and above|and over|and up|+"
    "|plus|at least|at a minimum|or greater than|or more than",
    "max": "or less|or fewer|or lower|or under|or below|or younger|and younger|at most|and under|and below|or less than|or fewer than|at the most",
}
_RIGHT_CUES = {tuple(cue.split(" ")): op for op, cues in _RIGHT.items() for cue in cues.split("|")}
_RIGHT_FIRST = frozenset(cue[0] for cue in _RIGHT_CUES)
_PLACES = frozenset({"over", "under", "above", "below", "past", "near", "beyond"})


def left_cue(tokens: Tokens, first: int, *, duration: bool = False) -> tuple[str, int]:
    """The operator that the words before token `first` set, and where they begin; `("", first)` when there is none.

    Before a duration "over" is "during" unless a verb or preposition of lasting stands before it.
    """
    end = first
    if tokens.at(end - 1) in _TRANSPARENT and tokens.at(end - 2) in _LAST:
        end -= 1
    if tokens.at(end - 1) not in _LAST:
        return "", first
    for length in range(min(_LONGEST, end), 0, -1):
        op = _CUES.get(tuple(tokens.word[end - length : end]))
        if op is None:
            continue
        start = end - length
        word = tokens.at(start)
        if length == 1 and word in _PLACES and not _bounds(tokens, start, duration=duration):
            return "", first
        if (
            word in {"more", "over", "less", "fewer"}
            and tokens.at(start - 1) in {"not", "no"}
            and op in {"min", "max"}
        ):
            return ("max" if op == "min" else "min"), start - 1
        return op, start
    return "", first


def _bounds(tokens: Tokens, at: int, *, duration: bool) -> bool:
    before = tokens.at(at - 1)
    if duration:
        return before in {
            "for",
            "after",
            "in",
            "lasted",
            "lasting",
            "took",
            "takes",
            "spent",
            "of",
            "be",
            "was",
            "is",
            "to",
        }
    return not (tokens.at(at) in {"past", "near"} and tokens.at(at + 1) in {"the", "a"})


def right_cue(tokens: Tokens, stop: int) -> tuple[str, int]:
    """The operator that the words from token `stop` on set, and where they end."""
    if tokens.at(stop) not in _RIGHT_FIRST:
        return "", stop
    for length in (3, 2, 1):
        if stop + length > len(tokens):
            continue
        op = _RIGHT_CUES.get(tuple(tokens.word[stop : stop + length]))
        if op is None:
            continue
        if length == 1 and tokens.at(stop) == "plus" and not _closes(tokens, stop + 1):
            return "", stop
        if tokens.at(stop) == "+" and not (tokens.glued(stop - 1) and not tokens.glued(stop)):
            return "", stop
        if tokens.at(stop) in {"or", "and"} and length == 2 and tokens.is_number(stop + 2):
            return "", stop
        return op, stop + length
    return "", stop


def _closes(tokens: Tokens, at: int) -> bool:
    return not tokens.at(at).isalnum() or (tokens.is_word(at) and tokens.at(at).endswith("s"))
