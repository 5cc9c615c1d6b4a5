"""The tokens of one sentence as attribution patterns read them: noun phrases before a cue, and what follows one."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.plugin import Span
from ledger_attribution.cues import AMBIGUOUS, CUES, TAKES_RECIPIENT
from ledger_attribution.lexicon import word_list
from ledger_attribution.quotations import inside
from ledger_attribution.sources import OUTLET_WORDS, kind_of, noun_phrase_after
from ledger_attribution.words import Token

__all__ = ["Reader", "has_verb", "is_number", "is_verb"]

_BOUNDARY = frozenset({",", ";", ":", ".", '"', "-", "(", ")", "AUX"})
_CIRCUMSTANCE = frozenset(
    {"in", "on", "at", "to", "during", "via", "through", "from", "after", "before", "by", "with"}
)
_DAYS = word_list("days")
_NAMES_TOO = frozenset({"today", "tonight", "week", "morning", "evening", "night", "month", "year"})
_NUMBER_WORDS = word_list("number_words")
_BEFORE_NUMBERS = word_list("before_numbers")
_VAGUE_RECIPIENTS = word_list("vague_recipients")
_PASSED_OVER = word_list("passed_over")
_SHORT = 9
_TAKES_INFINITIVE = frozenset({"agree", "promise", "pledge", "vow", "threaten", "propose", "decide", "swear"})


def is_number(token: Token) -> bool:
    """Whether the token is a number in digits or words."""
    return token.tag == "NUM" or token.low in _NUMBER_WORDS


def is_verb(tokens: Sequence[Token], i: int) -> bool:
    """Whether the token is probably a finite verb: an auxiliary, a sure cue, or a lower-case past form before its object."""
    token = tokens[i]
    if token.tag == "AUX":
        return True
    if token.tag != "N" or token.capital:
        return False
    if i + 1 < len(tokens) and tokens[i + 1].low == "by":
        return False
    cue = CUES.get(token.low)
    if cue is not None and cue.form == "f" and token.low not in AMBIGUOUS:
        return True
    following = tokens[i + 1].tag if i + 1 < len(tokens) else ""
    return token.low.endswith("ed") and following in {"DET", "PRON", "NUM"}


def has_verb(tokens: Sequence[Token], i: int, end: int) -> bool:
    """Whether a finite verb stands in `[i, end)`."""
    return any(is_verb(tokens, k) for k in range(i, end))


class Reader:
    """One sentence: its tokens, the quotations of its block, and where its last full stop is."""

    def __init__(self, text: str, tokens: Sequence[Token], quotes: Sequence[Span]) -> None:
        self.text = text
        self.t = tokens
        self.quotes = quotes
        self.start = tokens[0].start
        last = tokens[-1]
        self.end = last.start if last.tag == "." and last.text == "." else last.end

    def quoted(self, i: int) -> bool:
        """Whether the token stands inside a quotation."""
        return inside(self.quotes, self.t[i].start) is not None and self.t[i].tag != '"'

    # -- sources -------------------------------------------------------------------------------------------------

    def verb_start(self, i: int) -> int:
        """The first token of the verb group that ends at `i`."""
        while i > 0 and (self.t[i - 1].tag == "ADV" or self.t[i - 1].low in {"has", "have", "had", "did"}):
            i -= 1
        return i

    def over(self, i: int) -> int:
        """Past what stands between a subject and its verb group at `i`: `NAME (R-Ohio) said`, `NAME, however, said`."""
        if i > 1 and self.t[i - 1].tag == ")":
            opened = next((j for j in range(i - 2, max(-1, i - _SHORT), -1) if self.t[j].tag == "("), -1)
            return opened if opened > 0 else i
        if (
            i > 3
            and self.t[i - 1].tag == ","
            and self.t[i - 3].tag == ","
            and self.t[i - 2].low in _PASSED_OVER
        ):
            return i - 3
        return i

    def subject(self, end: int) -> tuple[Token, ...]:
        """The noun phrase that opens the sentence, after an adverbial if there is one, when it can speak and ends before `end`."""
        begin = 0
        if self.t[0].tag in {"P", "SUB", "ADV"}:
            begin = next((j + 1 for j in range(end) if self.t[j].tag == ","), end)
        stop = noun_phrase_after(self.t, begin)
        words = tuple(self.t[begin:stop])
        return words if stop <= end and words and kind_of(words) else ()

    def left(self, end: int) -> tuple[int, int]:
        """The noun phrase that ends before `end` and the index of the boundary before it (-1: the sentence begins)."""
        i = end
        while i > 0:
            token = self.t[i - 1]
            if token.tag in _BOUNDARY or self.quoted(i - 1) or (is_verb(self.t, i - 1)):
                break
            if token.tag == "SUB" and token.low != "as":
                break
            if token.tag == "CC" and (i - 2 < 0 or self.t[i - 2].tag != "N" or self.verb_between(i - 1)):
                break
            i -= 1
        return i, i - 1

    def verb_between(self, i: int) -> bool:
        """Whether a finite verb stands between the boundary before `i` and `i`."""
        j = i - 1
        while j >= 0 and self.t[j].tag not in {",", ";", ":", ".", '"'}:
            if is_verb(self.t, j):
                return True
            j -= 1
        return False

    def trimmed(self, i: int, end: int) -> tuple[Token, ...]:
        """The source words in `[i, end)` without opening conjunctions and adverbials and closing times."""
        while i < end and self.t[i].tag in {"CC", "ADV", "'"}:
            i += 1
        if (
            i < end and self.t[i].tag == "P"
        ):  # "In Oslo police said": the phrase before the last two nouns is an adverbial
            after = noun_phrase_after(self.t, i + 1)
            if i + 1 < after < end:
                i = after
        if end - i > 1 and self.t[end - 2].low == "that" and self.t[end - 1].tag == "PRON":
            i = end - 1
        while end - i > 1 and self.t[i].low in _DAYS:  # "On Monday evening the coast guard put ..."
            i += 1
        for k in range(
            end - 1, i, -1
        ):  # "since the war began the group said": a second article opens the source
            if self.t[k].tag == "DET" and self.t[k].low in {"the", "a", "an"} and self.t[k - 1].tag == "N":
                i = k
                break
        while end > i and (
            self._is_time(end - 1)
            or (self.t[end - 1].tag in {"P", "ADV", "NUM", "CC"} and not self._in_name(end - 1))
            or self.t[end - 1].low in {"last", "late", "early"}
        ):
            if self.t[end - 1].low in _DAYS and end - 2 <= i:
                break
            end -= 1
        return tuple(self.t[i:end])

    def _is_time(self, k: int) -> bool:
        """Whether a word after a source says when, and is no part of its name: `police on Monday`, not `Continent Today`."""
        token = self.t[k]
        if token.low not in _DAYS:
            return False
        return not (token.low in _NAMES_TOO and self._in_name(k))

    def _in_name(self, k: int) -> bool:
        """Whether a word goes on with a name: `Continent Today`."""
        return self.t[k].tag != "NUM" and self.t[k].capital and k > 0 and self.t[k - 1].capital

    def apposition(self, comma: int) -> tuple[int, int, int] | None:
        """`NAME, who ..., said`: the phrase before the apposition that ends at `comma`."""
        j = comma - 1
        while j >= 0 and self.t[j].tag not in {",", ";", ".", '"', ":"}:
            j -= 1
        if j <= 0 or self.t[j].tag != ",":
            return None
        opener = self.t[j + 1]
        if not (
            opener.tag in {"SUB", "DET", "P"}
            or opener.low.endswith(("ing", "ed"))
            or opener.tag == "NUM"
            or opener.low in {"who", "which", "whose", "citing"}
            or (opener.tag == "N" and not has_verb(self.t, j + 1, comma))
        ):
            return None
        i, boundary = self.left(j)
        words = self.trimmed(i, j)
        named = tuple(self.t[j + 1 : comma])
        if (
            words
            and words[0].low == "the"
            and len(words) == 2
            and all(t.capital and t.tag == "N" for t in named)
        ):
            return j + 1, comma, boundary  # "the operator, Blue Line, said": the name says more
        return (i, j, boundary) if i < j and kind_of(words) else None

    # -- what follows a cue ----------------------------------------------------------------------------------------

    def after(self, i: int, lemma: str) -> tuple[int, tuple[tuple[Token, ...], ...]]:
        """Skip recipient and circumstances after the cue at `i`; the index of what follows and the outlets spoken to."""
        k = i + 1
        relays: list[tuple[Token, ...]] = []
        if lemma in TAKES_RECIPIENT:
            stop = noun_phrase_after(self.t, k)
            if stop > k:
                self._relay(relays, k, stop)
                k = stop
        while k < len(self.t):
            token = self.t[k]
            if self.opens_number(k) or (token.low == "to" and lemma in _TAKES_INFINITIVE):
                break
            if token.tag == "ADV" or token.low in _DAYS:
                k += 1
            elif token.low in _CIRCUMSTANCE:
                stop = noun_phrase_after(self.t, k + 1)
                if stop == k + 1:
                    break
                if token.low in {"to", "with", "by"}:
                    self._relay(relays, k + 1, stop)
                k = stop
            else:
                break
        return k, tuple(relays)

    def opens_number(self, k: int) -> bool:
        """Whether a figure begins at `k`: `around 40`, `at least 40`, `more than 40`."""
        if self.t[k].low not in _BEFORE_NUMBERS or k + 1 >= len(self.t):
            return False
        return is_number(self.t[k + 1]) or self.t[k + 1].low in {"than", "least", "most"}

    def _relay(self, relays: list[tuple[Token, ...]], i: int, end: int) -> None:
        words = tuple(self.t[i:end])
        names = [t for t in words if t.tag == "N"]
        if not names or names[-1].low in _VAGUE_RECIPIENTS or words[0].tag == "PRON":
            return
        if names[-1].capital and (
            any(t.low in OUTLET_WORDS for t in names)
            or all(t.text.isupper() for t in names)
            or kind_of(words) != "person"
        ):
            relays.append(words)

    def clause_right(self, i: int) -> int:
        """The code point at which the clause that begins at index `i` ends: at a semicolon, or with the sentence."""
        return next(
            (t.start for j, t in enumerate(self.t) if j >= i and t.tag == ";" and not self.quoted(j)),
            self.end,
        )

    def clause_left(self, i: int) -> int:
        """The code point at which the clause before index `i` begins: after a semicolon, or the sentence."""
        for j in range(i - 1, -1, -1):
            if self.t[j].tag == ";" and not self.quoted(j):
                return self.t[j + 1].start
        return self.start
