"""A sentence as the figure patterns see it: what stands around a quantity, and how a figure is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ledger.plugin import Quantity, Span
from ledger_claims.clauses import Token, clause_of
from ledger_claims.lexicon import word_list
from ledger_claims.subjects import noun_after, owned_whole
from ledger_claims.table import Sense, Table

__all__ = ["REACH", "Counted", "Figure", "Scene", "joined", "without_scare_quotes"]

REACH = word_list("reach")
_OPERATORS = word_list("operators")
_CHANGES = word_list("changes")
_SUBSET = frozenset(["including", "among", "excluding", "besides"])
_POPULATIONS = frozenset(
    ["deployed", "aboard", "underground", "employed", "population", "trapped", "arrested", "infected"]
)
_AT_FIRST = frozenset(["earlier", "initially", "previously", "originally"])
_FORMER = frozenset(["previous", "earlier", "initial", "former", "old"])
_NAMED_TOTALS = frozenset(["figure", "toll", "count", "number", "estimate"])


class Figure(NamedTuple):
    """One figure: the quantity, what it measures and of whom, and the words that say so.

    `at` and `trigger_at` are token indices of the quantity and of the word that says the measure; `total` marks a noun
    that names the number ("the death toll"), `further` a number that comes on top of another ("12 more"), `part` one that lies
    in the other ("18 of them in the valley"), `added` one that the sentence itself adds to a total ("two more died, bringing
    the toll to five").
    """

    quantity: Quantity
    measure: str
    subject: str
    lemma: str
    trigger: Span
    at: int
    trigger_at: int
    support: tuple[Span, ...]
    total: bool = False
    further: bool = False
    part: bool = False
    added: bool = False


class Counted(NamedTuple):
    """A quantity in its sentence: its token index, the noun it counts (may be empty), and where its phrase ends."""

    quantity: Quantity
    at: int
    noun: str
    end: int


class Scene:
    """The tokens of one sentence with the measure table."""

    def __init__(self, tokens: Sequence[Token], table: Table) -> None:
        self.t = tokens
        self.table = table

    def __len__(self) -> int:
        return len(self.t)

    def low(self, k: int) -> str:
        """The lower-case word at an index, empty outside the sentence."""
        return self.t[k].low if 0 <= k < len(self.t) else ""

    def left_edge(self, i: int) -> int:
        """The index of the token before the quantity and its operator words (-1 at the sentence's start)."""
        k = i - 1
        while k >= 0 and self.t[k].low in _OPERATORS:
            low, before = self.t[k].low, self.low(k - 1)
            if (
                (low == "to" and before != "up")
                or (low == "of" and before != "total")
                or (low == "at" and k == i - 1)
            ):
                break
            k -= 1
        return k

    def counted(self, i: int, quantity: Quantity) -> Counted:
        """The quantity at `i` with its noun; a part of a whole counts what the whole counts."""
        noun, end = noun_after(self.t, i, self.table)
        if quantity.whole is not None:
            for k in range(i):
                other = self.t[k].quantity
                if other is not None and other.value == quantity.whole:
                    noun = noun_after(self.t, k, self.table)[0]
        return Counted(quantity, i, noun, end)

    def is_pronoun_part(self, c: Counted) -> bool:
        """`3,500 of them`: a part of people named before, which only a predicate of its own makes a figure."""
        return c.end == c.at + 1 and self.low(c.end) == "of" and self.low(c.end + 1) in {"them", "those"}

    def is_subset(self, c: Counted) -> bool:
        """Whether the quantity counts a part of those counted elsewhere: `including 12 children`, `12 of the dead`."""
        k = self.left_edge(c.at)
        if self.low(k) in _SUBSET or self.low(k - 1) in _SUBSET:
            return True
        if self.low(k) in {"them", "whom"} and self.low(k - 1) in {"among", "of"}:
            return True
        if self.low(c.end) != "of":
            return False
        if c.noun.rsplit(" ", 1)[-1] in {"crew", "member", "employee"} and any(
            t.capital for t in self.t[c.end + 1 : c.end + 5]
        ):
            return True
        if self.low(c.end + 1) in {"them", "whom", "those", "these", "which"}:
            return True
        after = c.end + 2
        return (
            c.end + 1 < len(self)
            and self.t[c.end + 1].tag == "DET"
            and after < len(self)
            and self.t[after].says("state", "count") is not None
        )

    def is_whole(self, c: Counted) -> bool:
        """Whether another number before it is a part of this one: `two thirds of the town's 30,000 residents`."""
        return any(
            self.t[k].low == "of" and self.t[k - 1].tag in {"Q", "N"} and owned_whole(self.t, k) == c.at
            for k in range(1, c.at)
        )

    def fate_of_part(self, c: Counted, earlier: Sequence[Figure]) -> bool:
        """Whether it says how many of those sent, aboard or the like met a fate: `11,000, of whom 1,000 have been killed`."""
        k = self.left_edge(c.at)
        of_them = self.low(k) == "whom" and self.low(k - 1) == "of"
        return of_them and bool(earlier) and earlier[-1].measure in _POPULATIONS

    def part_of_place(self, c: Counted) -> int:
        """Where the place or time begins that marks off a part: `18 of them in the valley`, `including 9 in Tarn`; 0 if none."""
        k = self.left_edge(c.at)
        at = c.end
        if self.low(c.end) == "of" and self.low(c.end + 1) in {"them", "whom", "those", "these"}:
            at = c.end + 2
        elif self.low(k) not in _SUBSET or c.noun:
            return 0
        if self.low(at) not in {"in", "at", "on", "from", "near", "during", "over"}:
            return 0
        k = at + 1
        while k < len(self) and self.t[k].tag in {"DET", "N"}:
            if self.t[k].capital or self.low(k) in {"past", "last", "24"}:
                return at
            k += 2 if self.low(k + 1) == "of" else 1
        return (
            at
            if self.low(k) in {"past", "last"} or (k < len(self) and self.t[k].tag == "Q" and at + 2 == k)
            else 0
        )

    def is_further(self, i: int) -> bool:
        """Whether the quantity comes on top of another: `another 1,200`, `12 more people`."""
        k = self.left_edge(i)
        words = {t.low for t in self.t[k + 1 : i]} | {self.low(i + 1)} | set(self.t[i].low.split())
        return bool(words & {"another", "further", "additional"}) or self.low(i + 1) in {"more", "others"}

    def is_more(self, i: int) -> bool:
        """Whether such a quantity adds to one of its own kind whatever was said before: `12 more`, not `a further 12`."""
        return self.low(i + 1) == "more"

    def is_old(self, i: int) -> bool:
        """Whether the figure is a former, rejected or relative one: `from 6.9`, `not 731`, `by 20`, `compared with 12`."""
        k = self.left_edge(i)
        low, before = self.low(k), self.low(k - 1)
        if self._said_at_first(i):
            return True
        if low in {"not", "versus"} or (low in {"with", "to"} and before == "compared"):
            return True
        if low == "from":
            return any(
                t.low in REACH | _CHANGES or t.tag == "Q" for t in self.t[:k] if t.tag in {"N", "Q", "ADV"}
            )
        recent = [t.low for t in self.t[max(0, k - 4) : k]]
        if low == "by":
            return any(word in _CHANGES for word in recent)
        if low in _NAMED_TOTALS and before in _FORMER:
            return True
        return low == "of" and any(word in _FORMER for word in recent)

    def says_in_clause(self, k: int, words: frozenset[str]) -> bool:
        """Whether one of `words` stands in the clause of token `k`, on this side of any further number."""
        begin, end = clause_of(self.t, k)
        stop = next((j for j in range(k + 1, end) if self.t[j].tag == "Q"), end)
        return any(t.low in words for t in self.t[begin:stop])

    def _said_at_first(self, i: int) -> bool:
        """`police had earlier put the number at 70`, `officials had initially said that 60 were missing`."""
        for k in range(i - 1, 0, -1):
            if self.t[k].tag in {";", "."}:
                return False
            if self.low(k) in _AT_FIRST and self.low(k - 1) == "had":
                return True
        return False

    def make(self, c: Counted, sense: Sense, at: int, subject: str, *, total: bool = False) -> Figure:
        """The figure that `sense`, found at token `at`, makes of a quantity; without a subject the measure's own stands in."""
        width = self.t[at].width if sense.lemma in {s.lemma for s in self.t[at].senses} else 1
        trigger = Span(self.t[at].start, self.t[min(at + width, len(self)) - 1].end)
        name = self.table.subject(subject) if subject else self.table.defaults.get(sense.measure, "")
        support = tuple(sorted({c.quantity.span, trigger}))
        return Figure(
            c.quantity,
            sense.measure,
            name,
            sense.lemma,
            trigger,
            c.at,
            at,
            support,
            total,
            self.is_further(c.at),
        )


def without_scare_quotes(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without quotation marks around a number alone: `killed "about 200" rebels`."""
    marks = [k for k, token in enumerate(tokens) if token.tag == '"']
    bare = {
        mark
        for first, second in pairwise(marks)
        if second - first <= 5 and any(t.tag == "Q" for t in tokens[first:second])
        if all(t.tag == "Q" or t.low in _OPERATORS for t in tokens[first + 1 : second])
        for mark in (first, second)
    }
    return [token for k, token in enumerate(tokens) if k not in bare]


def joined(scene: Scene, k: int, sense: Sense, also: str = "or") -> Sense:
    """`killed or injured`, and in a total `killed and wounded`: one figure of both, named in the table's order."""
    after = k + (scene.t[k].width if sense in scene.t[k].senses else 1)
    if scene.low(after) not in {"or", also} or after + 1 >= len(scene):
        return sense
    other = scene.t[after + 1].says("state", "object")
    if other is None or other.measure == sense.measure:
        return sense
    names = sorted((sense.measure, other.measure), key=list(scene.table.defaults).index)
    return sense._replace(measure=" or ".join(names))
