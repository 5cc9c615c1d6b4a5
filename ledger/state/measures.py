"""How well what a claim measures fits the measure of a slot, whose words are its author's own."""

from __future__ import annotations

from ledger.plugin import Claim
from ledger.state.keys import SMALL, is_compound, measure_key
from ledger.state.model import Slot
from ledger.state.vocabulary import COUNTED, QUALIFIERS, RELATED, SAME_MEASURE
from ledger.state.words import singular, stem, stems, tokens

__all__ = ["OPEN", "described_fit", "is_suspected", "measure_fit", "measure_stems"]

OPEN = "number"
"""The measure of figures that no word of the measure table tells of: their trigger holds the words around them."""
_NEW = frozenset({"new", "newly"})
_NAMED = frozenset(SAME_MEASURE.values())
_EMPTY = frozenset(
    stem(word) for word in ("number", "total", "count", "per", "state", "level", "amount", "money", "sum")
)


def measure_stems(measure: str) -> frozenset[str]:
    """The stems of a measure's words, synonyms as one, without those that tell counts of one kind apart."""
    words = measure_key(measure) - QUALIFIERS - _NEW - SMALL
    return frozenset(stem(SAME_MEASURE.get(singular(word), singular(word))) for word in words)


def is_suspected(text: str) -> bool:
    """Whether a measure or a trigger speaks of suspected cases."""
    return "suspected" in tokens(text)


def measure_fit(claim: Claim, slot: Slot) -> float | None:
    """How well the measure of a claim fits: more for the same words, and for the same of "confirmed" and "suspected"."""
    own, wanted = measure_stems(claim.measure), measure_stems(slot.measure)
    if not own or not wanted:
        return None
    kinds, asked = QUALIFIERS & set(tokens(claim.trigger)), QUALIFIERS & set(tokens(slot.measure))
    if (kinds and asked and not kinds & asked) or (is_suspected(slot.measure) and not kinds):
        return None
    bonus = (0.4 if kinds & asked else 0.0) - (0.2 if kinds - asked else 0.0)
    fresh = bool(_NEW & set(tokens(slot.measure)))
    if fresh and claim.period in {"", "cumulative"}:
        return None
    if not fresh and _NEW & set(tokens(claim.trigger)) and claim.period in {"", "cumulative"}:
        return None
    bonus += 0.2 if fresh and _NEW & set(tokens(claim.trigger)) else 0.0
    if own == wanted:
        return 1.0 + bonus
    if is_compound(claim.measure) or is_compound(slot.measure):
        return None
    if own <= wanted or wanted <= own:
        return 0.0 + bonus
    related = RELATED.get(claim.measure)
    return -0.5 if related and stems(related) & wanted else None


def described_fit(claim: Claim, slot: Slot) -> float | None:
    """How well a figure of no known measure fits a slot by its own words: those of the slot's measure, subject and place.

    Most words of the measure must be there; fewer are enough for a unit that tells much ("minutes") with words of the subject or
    in the slot's own place.
    """
    said = stems(claim.trigger) | stems(claim.subject)
    words = frozenset(stem(word) for word in tokens(slot.measure) if word not in SMALL)
    asked = words - _EMPTY
    subject, units = stems(slot.subject), stems(slot.unit)
    exact = slot.unit.casefold() not in COUNTED
    if not exact and (measure_stems(slot.measure) & _KNOWN or _counts_others(claim, slot)):
        return None
    counts_units = bool(units) and units <= stems(claim.subject)
    if exact and not (claim.unit or counts_units):
        return None
    shared = len(said & asked) / len(asked) if asked else 0.0
    if counts_units and units <= subject and (len(units) == 1 or shared > 0):
        return 0.5  # "120 beds" of a slot that counts beds
    whose = bool(subject) and subject <= said
    placed = bool(stems(slot.scope)) and len(stems(claim.scope) & stems(slot.scope)) > 0
    named = bool(subject & said)
    by_measure = shared >= 0.5 and (
        named or not len(asked) == 1 < len(words)
    )  # "water" alone is no "water level"
    by_subject = exact and ((named and (shared > 0 or placed)) or (whose and len(subject) > 1))
    if by_measure or by_subject or (whose and placed):
        return shared + (0.5 if whose else 0.0)
    return None


def _counts_others(claim: Claim, slot: Slot) -> bool:
    """Whether a figure counts things, and not those whom the slot counts."""
    return bool(claim.subject) and claim.unit != "persons" and not stems(claim.subject) & stems(slot.subject)


_KNOWN = frozenset(
    stem(name) for name in _NAMED | {"injured", "evacuated", "captured", "deployed", "withdrawn"}
) - {
    stem("hospitalised"),
    stem("supplied"),
}
