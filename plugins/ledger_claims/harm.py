"""Phrases for harm whose words vary too much for the measure table: `suffered a gunshot wound`, `flown to a local hospital`."""

from __future__ import annotations

from collections.abc import Sequence

from ledger_claims.clauses import Token
from ledger_claims.lexicon import word_list
from ledger_claims.table import Sense

__all__ = ["with_harm"]

_SUFFERING = {"suffer": "base", "suffers": "third", "suffered": "past", "suffering": "ing"}
_SUSTAINING = {
    "sustain": "base",
    "sustains": "third",
    "sustained": "past",
    "sustaining": "ing",
    "receive": "base",
    "received": "past",
}
_WOUNDS = frozenset(["wound", "wounds", "injury", "injuries", "burns"])
_BROUGHT = word_list("brought")
_HOSPITALS = word_list("hospitals")
_REACH = 7


def with_harm(tokens: Sequence[Token]) -> list[Token]:
    """The tokens, with a sense for each such phrase at the word with which it begins."""
    return [
        token if (sense := _sense(tokens, k)) is None else token._replace(senses=(sense,), width=1)
        for k, token in enumerate(tokens)
    ]


def _sense(tokens: Sequence[Token], k: int) -> Sense | None:
    low = tokens[k].low
    form = _SUFFERING.get(low) or _SUSTAINING.get(low)
    if form and _reaches(tokens, k + 1, _WOUNDS):
        return Sense("injured", "agent", "suffer injuries", form)
    if low in _BROUGHT:
        to = next((j for j in range(k + 1, min(k + 4, len(tokens))) if tokens[j].low == "to"), 0)
        if to and _reaches(tokens, to + 1, _HOSPITALS):
            return Sense("hospitalised", "object", "take to hospital", "participle")
    return None


def _reaches(tokens: Sequence[Token], k: int, wanted: frozenset[str]) -> bool:
    """Whether the noun phrase that begins at `k` holds one of the words."""
    for token in tokens[k : k + _REACH]:
        if token.low in wanted:
            return True
        if token.tag not in {"DET", "N", "ADV", "Q", "-", "POS"} and token.low not in {
            "or",
            "and",
            "by",
            "threatening",
        }:
            return False
    return False
