"""What tells counts of one kind apart: `confirmed`, `suspected` and `probable` cases, `new` ones."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.plugin import Span
from ledger_claims.clauses import BE, HAVE, Token
from ledger_claims.scene import Figure

__all__ = ["qualified"]

_KINDS = frozenset(["confirmed", "suspected", "probable"])
_FRESH = frozenset(["new", "newly"])
_TABLED = frozenset(["case", "infection", "patient", "infect"])


def qualified(tokens: Sequence[Token], figure: Figure) -> tuple[str, Span | None]:
    """The trigger of a figure with the words that qualify it, and where the one that says how sure the cases are stands.

    `suspected case` is a kind of case: that so many are suspected is not itself in doubt.
    """
    if figure.measure != "infected":
        return figure.lemma, None
    found = _kind(tokens, figure)
    fresh = any(t.low in _FRESH for t in _before_noun(tokens, figure))
    words = [*(["new"] if fresh else []), *([found.low] if found is not None else []), figure.lemma]
    return " ".join(words), found.span if found is not None else None


def _before_noun(tokens: Sequence[Token], figure: Figure) -> Sequence[Token]:
    low, high = sorted((figure.at, figure.trigger_at))
    return tokens[max(0, low - 2) : high + 1]


def _kind(tokens: Sequence[Token], figure: Figure) -> Token | None:
    """The qualifier before the noun, else the one that the predicate states: `seven cases have been confirmed`."""
    for token in reversed(_before_noun(tokens, figure)):
        if token.low in _KINDS:
            return token
    k = max(figure.at, figure.trigger_at) + 1
    while k < len(tokens) and (tokens[k].low in BE | HAVE or tokens[k].tag == "ADV"):
        k += 1
    return (
        tokens[k] if k < len(tokens) and tokens[k].low in _KINDS and tokens[k - 1].low in BE | HAVE else None
    )
