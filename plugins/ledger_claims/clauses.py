"""One sentence as tokens with coarse classes: quantities in one piece, words of the measure table with their senses.

The chunker knows closed-class words only; a word that it does not know is nominal (`N`). That is enough to find the noun
phrase around a quantity, the predicate beside it and the borders of its clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import starmap
from typing import NamedTuple

from ledger.plugin import Quantity, Span
from ledger_claims.lexicon import word_list
from ledger_claims.table import Sense, Table
from ledger_syntax.tokens import Tokenizer, word_classes

__all__ = ["BE", "HAVE", "Token", "clause_of", "tokenize"]

_CODE = r"\b[^\W\d_]{1,4}-?\d+\b"
_LABELS = word_list("labels")

_GLUED = re.compile(r"[^\W\d_]-?$")
_WORD_BEFORE = re.compile(r"\b([^\W\d_]+) $")

BE = word_list("be")
HAVE = word_list("have")
_CLASSES = word_classes(
    {
        "AUX": word_list("auxiliary"),
        "DET": word_list("determiner"),
        "PRON": word_list("pronoun"),
        "P": word_list("preposition"),
        "ADV": word_list("adverb"),  # before SUB: "once" is an adverb here
        "SUB": word_list("subordinator"),
        "CC": word_list("conjunction"),
    }
)
_MARKS = {"–": "-", "—": "-", "“": '"', "”": '"', "?": ".", "!": ".", "’": "'", "‘": "'"}


class Token(NamedTuple):
    """A word, mark or whole quantity. `tag`: Q (a quantity), AUX, DET, PRON, P, SUB, CC, ADV, N, POS or the mark itself.

    `senses` are what the measure table says of the entry that begins here, `width` how many tokens that entry has.
    """

    start: int
    end: int
    text: str
    low: str
    tag: str
    quantity: Quantity | None = None
    senses: tuple[Sense, ...] = ()
    width: int = 1

    @property
    def span(self) -> Span:
        """Its code points."""
        return Span(self.start, self.end)

    @property
    def capital(self) -> bool:
        """Whether it begins with an upper-case letter."""
        return self.text[:1].isupper()

    def says(self, *roles: str) -> Sense | None:
        """The first sense of one of these roles."""
        return next((sense for sense in self.senses if sense.role in roles), None)


def _tag(low: str) -> str:
    if not low[0].isalnum():
        return _MARKS.get(low, low)
    known = _CLASSES.get(low)
    if known is not None:
        return known
    return (
        "ADV" if low.endswith("ly") and len(low) > 5 and low not in {"family", "assembly", "supply"} else "N"
    )


_words = Tokenizer(_tag, whole=_CODE)


def _is_label(text: str, quantity: Quantity) -> bool:
    """Whether a number is part of a name: `the A14`, `shaft 4`, `Highway 9`."""
    start = quantity.span.start
    if _GLUED.search(text, max(0, start - 2), start):
        return True
    before = _WORD_BEFORE.search(text, max(0, start - 24), start)
    plain = quantity.kind == "cardinal" and quantity.op == "exact" and not quantity.noun and not quantity.unit
    return plain and before is not None and before[1].lower() in _LABELS


def tokenize(text: str, span: Span, quantities: Sequence[Quantity], table: Table) -> list[Token]:
    """The tokens of a sentence. Of two overlapping quantities the longer, else the first, is one token; the other is left out."""
    taken: list[Quantity] = []
    inside = (q for q in quantities if span.covers(q.span) and not _is_label(text, q))
    for quantity in sorted(inside, key=lambda q: q.span):
        if not taken or not quantity.span.overlaps(taken[-1].span):
            taken.append(quantity)
        elif quantity.span.end - quantity.span.start > taken[-1].span.end - taken[-1].span.start:
            taken[-1] = quantity
    tokens: list[Token] = []
    position = span.start
    for quantity in taken:
        tokens += starmap(Token, _words(text, position, quantity.span.start))
        piece = text[quantity.span.start : quantity.span.end]
        tokens.append(Token(quantity.span.start, quantity.span.end, piece, piece.lower(), "Q", quantity))
        position = quantity.span.end
    tokens += starmap(Token, _words(text, position, span.end))
    lows = tuple(token.low if token.tag != "Q" else "#" for token in tokens)
    for i, token in enumerate(tokens):
        if token.tag in {"N", "P", "ADV", "AUX"}:
            senses, width = table.at(lows[i : i + table.longest])
            if senses:
                tokens[i] = token._replace(senses=senses, width=width)
    return tokens


def clause_of(tokens: Sequence[Token], i: int) -> tuple[int, int]:
    """The index range of the clause that holds `i`: between semicolons, dashes, quotation marks and subordinators.

    `that`, `who` and `which` open a clause; a comma or conjunction does so only between two auxiliaries.
    """
    begin = i
    while begin > 0 and not _opens(tokens, begin, i):
        begin -= 1
    end = i + 1
    while end < len(tokens) and not _opens(tokens, end, i):
        end += 1
    return begin, end


def _opens(tokens: Sequence[Token], k: int, i: int) -> bool:
    """Whether a clause other than that of `i` meets it at `k`."""
    token = tokens[k]
    if token.tag in {";", "-", '"', ":"} or (token.tag == "SUB" and token.low != "as"):
        return True
    if token.tag == "CC" and token.low in {"and", "but", "or"}:
        low, high = sorted((k, i))
        inner = any(t.tag == "AUX" for t in tokens[low:high])
        outer = tokens[k + 1 : k + 12] if k > i else tokens[max(0, k - 12) : k]
        inner = inner or (k > i and tokens[k - 1].tag == ",")
        return inner and any(t.tag == "AUX" for t in outer)
    return False
