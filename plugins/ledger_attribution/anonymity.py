"""Clauses that say why a source has no name: `a nurse who asked not to be named told us`."""

from __future__ import annotations

from collections.abc import Sequence

from ledger_attribution.lexicon import word_list
from ledger_attribution.words import Token

__all__ = ["without_anonymity"]

_ASKING = word_list("anonymity_verbs")
_NAMELESS = frozenset(["anonymity", "named", "identified", "anonymously", "anonymous", "quoted"])
_REACH = 12
_LONGEST = 40


def without_anonymity(tokens: Sequence[Token]) -> list[Token]:
    """The tokens without such clauses and the commas around them, so that a source stands beside its verb."""
    kept: list[Token] = []
    k = 0
    while k < len(tokens):
        end = _clause_end(tokens, k)
        if end > k and kept:
            if kept[-1].tag == ",":
                kept.pop()
            k = end
        else:
            kept.append(tokens[k])
            k += 1
    return kept


def _clause_end(tokens: Sequence[Token], k: int) -> int:
    """The index after the clause that opens at `k`; `k` when none does."""
    relative = tokens[k].low == "who"
    verb = tokens[k + 1].low if relative and k + 1 < len(tokens) else tokens[k].low
    if verb not in _ASKING or not (relative or verb.endswith("ing")):
        return k
    named = next((j for j in range(k + 1, min(k + _REACH, len(tokens))) if tokens[j].low in _NAMELESS), -1)
    if named < 0:
        return k
    if k and tokens[k - 1].tag == ",":
        stop = min(named + _LONGEST, len(tokens))
        return next((j + 1 for j in range(named, stop) if tokens[j].tag == ","), k)
    return named + 1
