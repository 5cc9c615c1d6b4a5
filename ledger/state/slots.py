"""Which figure a claim is about: the declared slot that fits it best, else a discovered one."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ledger.plugin import Claim
from ledger.state.discovered import EVENT, Context, discovered
from ledger.state.fits import (
    PEOPLE,
    event_words,
    period_fit,
    phrase_fit,
    scope_fit,
    subject_fit,
    thing_fit,
    unit_fits,
    unnamed_fit,
)
from ledger.state.keys import SMALL, all_words, is_named_after, scope_words, subject_key
from ledger.state.measures import OPEN, described_fit, measure_fit, measure_stems
from ledger.state.model import Slot
from ledger.state.registry import Registry
from ledger.state.vocabulary import EMPTY_SUBJECTS, EVENTS, PARTS, PERSONNEL
from ledger.state.words import singular, stem, stems, tokens

__all__ = ["Context", "Finder"]


NEGATIONS = frozenset({"no", "not", "never", "longer"})
EVENT_STEMS = frozenset(stem(word) for word in EVENTS)
HINT = 0.3
_MENTIONED = 0.5
_SMALL_STEMS = frozenset(stem(word) for word in SMALL)
SOLDIERS = frozenset(stem(word) for word in PERSONNEL)
PART_STEMS = frozenset(stem(word) for word in PARTS)


class Finder:
    """Finds the slot of a claim. `place` and `subject` of a document stand in where its claims leave them open."""

    def __init__(self, registry: Registry) -> None:
        self._declared = [registry.slots[key] for key in sorted(registry.slots)]
        self._known: dict[tuple[object, ...], Slot | None] = {}
        self._peoples = [
            (slot.id, names)
            for slot in self._declared
            if (names := [word for word in slot.subject.split() if word[:1].isupper()])
        ]
        self._scopes = [
            (slot.id, words)
            for slot in self._declared
            if not slot.default and (words := stems(slot.scope) - _SMALL_STEMS)
        ]
        self._names = [scope_words(source.name) for source in registry.sources.values()]
        self._keys = {
            slot.id: (measure_stems(slot.measure), subject_key(slot.subject)) for slot in self._declared
        }

    def find(self, claim: Claim, context: Context) -> Slot | None:
        """The slot of a claim; None for one that names neither a measure nor a value (a bare denial)."""
        if not claim.measure and claim.value is None:
            return None
        if claim.measure == EVENT:
            return self.declared(claim) or discovered(claim, context)
        found = self.declared(claim)
        if found is None and claim.measure == OPEN and claim.confidence is not None:
            return None  # a figure that only a declared slot can make sense of
        return found or discovered(claim, context)

    def declared(self, claim: Claim) -> Slot | None:
        """The declared slot that fits best, ties by id; None when none fits."""
        key = (
            claim.subject, claim.measure, claim.scope, claim.period, claim.unit,
            None if claim.value is None else str(claim.value.point) if claim.value.op == "category" else "", claim.polarity,
            claim.trigger, claim.quote if stems(claim.subject) <= PART_STEMS else "", _complement(claim), self._hinted(claim),
            claim.confidence, _says_people(claim), self._mentioned(claim),
        )  # fmt: skip
        if key not in self._known:
            self._known[key] = self._best(claim)
        return self._known[key]

    def _best(self, claim: Claim) -> Slot | None:
        found: list[tuple[float, str, Slot]] = []
        for slot in self._declared:
            score = self._status_fit(claim, slot) if slot.kind == "status" else self._count_fit(claim, slot)
            if score is not None:
                found.append((-score, slot.id, slot))
        if not found:
            return None
        first = min(found)
        rivals = [slot for score, _, slot in found if score == first[0] and slot is not first[2]]
        if not claim.scope and not event_words(first[2]):
            rivals += self._soldiers_beside(first[2])
        return None if any(self._anybody(claim, slot) for slot in rivals) else first[2]

    def _soldiers_beside(self, slot: Slot) -> list[Slot]:
        """The slots that count soldiers where this one counts others: "400 people were killed" may speak of either."""
        measure, subject = self._keys[slot.id]
        if subject <= PEOPLE or subject & SOLDIERS:
            return []
        return [
            other
            for other in self._declared
            if self._keys[other.id][0] == measure and self._keys[other.id][1] & SOLDIERS
        ]

    def _anybody(self, claim: Claim, slot: Slot) -> bool:
        """Whether a claim on mere people fits a slot on certain ones: "50 are dead" are neither soldiers nor civilians."""
        own, wanted = subject_key(claim.subject), self._keys[slot.id][1]
        return own <= PEOPLE and bool(wanted) and not wanted <= PEOPLE

    def category(self, claim: Claim, slot: Slot) -> str | None:
        """The declared category that a status claim asserts, None when its words fit none or several alike.

        What is "not open" or "no longer working" fits the phrases that say so, and no others.
        """
        value = claim.value
        words = str(value.point) if value is not None and isinstance(value.point, str) else ""
        said = stems(words) | stems(claim.trigger)
        after = _complement(claim)
        scores: list[tuple[float, str]] = []
        for category, phrases in slot.categories.items():
            fitting = (category, *phrases)
            if claim.polarity == "-":
                fitting = tuple(phrase for phrase in fitting if NEGATIONS & set(tokens(phrase)))
            fits = [phrase_fit(_affirmed(phrase), said) for phrase in fitting]
            fits += [
                2.0 + len(stems(phrase))
                for phrase in fitting
                if " " in phrase and f" {phrase} ".casefold() in f" {words}{after}".casefold()
            ]
            score = max(fits, default=0.0)
            if score > 0:
                scores.append((-score, category))
        scores.sort()
        if not scores or (len(scores) > 1 and scores[0][0] == scores[1][0]):
            return None
        return scores[0][1]

    def _status_fit(self, claim: Claim, slot: Slot) -> float | None:
        value = claim.value
        if value is not None and value.op != "category":
            return None
        if value is None and claim.measure not in ("status", "") and not _denies(claim, slot):
            return None
        _, subject = self._keys[slot.id]
        own = subject_key(claim.subject)
        fit = thing_fit(own, subject)
        if fit is None and own - (place := all_words(slot.scope)) and own & place:
            fit = thing_fit(own - place, subject)  # "the levee at Oster" in a slot about Oster's north levee
        if fit is None and stems(claim.subject) <= PART_STEMS and subject <= subject_key(claim.quote):
            fit = 1.0
        if fit is None and slot.default and value is not None and slot.categories:
            fit = unnamed_fit(claim.subject, slot)
        where = scope_fit(claim.scope, slot, default=True)
        if fit is None or where is None:
            return None
        categorised = bool(slot.categories) or claim.measure == EVENT
        if value is not None and categorised and self.category(claim, slot) is None:
            return None
        return fit + where

    def _count_fit(self, claim: Claim, slot: Slot) -> float | None:
        value = claim.value
        if value is not None and value.op == "category":
            return None
        measure, subject = self._keys[slot.id]
        open_figure = claim.measure == OPEN and claim.confidence is not None
        what = described_fit(claim, slot) if open_figure else measure_fit(claim, slot)
        if what is None or (value is not None and not unit_fits(_unit_of(claim, slot), slot.unit)):
            return None
        named = subject_key(claim.subject) - stems(slot.unit) - stems(slot.measure)
        who = subject_fit(named - measure, subject - measure, default=slot.default, said=_says_people(claim))
        if open_figure:
            who = 0.0
        elif who is None and _unsaid(claim):
            who = 0.5  # the text does not say who is counted
        when = period_fit(claim.period, slot)
        where = self._where(claim, slot)
        if where is None and event_words(slot) and not claim.scope:
            where = 0.0
        if who is None or when is None or where is None:
            return None
        if slot.kind == "increment" and event_words(slot) and claim.period in ("", "cumulative"):
            told = len(self._telling(slot) & stems(claim.quote))
            if not told:
                return None
            where = 4.0 + 0.1 * told
        return what + who + when + where + (HINT if slot.id in self._hinted(claim) else 0.0)

    def _telling(self, slot: Slot) -> frozenset[str]:
        """The words of a slot's event and place that tell it from the other slots of its measure."""
        measure = self._keys[slot.id][0]
        others = [each for each in self._declared if each is not slot and self._keys[each.id][0] == measure]
        shared = frozenset(word for each in others for word in all_words(each.scope))
        return (event_words(slot) | all_words(slot.scope)) - shared

    def _hinted(self, claim: Claim) -> tuple[str, ...]:
        """Of counts of mere people: slots of whose people the sentence speaks, as "Norland" does of Norlandic soldiers."""
        if not subject_key(claim.subject) - EMPTY_SUBJECTS <= PEOPLE or not self._peoples:
            return ()
        said = tokens(claim.quote)
        return tuple(
            slot for slot, names in self._peoples if any(is_named_after(name, said) for name in names)
        )

    def _mentioned(self, claim: Claim) -> tuple[str, ...]:
        """Of claims without a place: slots whose place, event or company the sentence or its sources name."""
        if tokens(claim.scope) or not self._scopes:
            return ()
        said = stems(claim.quote).union(*(stems(link.actor) for link in claim.chain))
        return tuple(slot for slot, words in self._scopes if words <= said)

    def _where(self, claim: Claim, slot: Slot) -> float | None:
        """How the place of a count fits. Of an event, the country of the story is no part, nor is it where something was measured."""
        fit = scope_fit(claim.scope, slot, default=slot.default)
        if fit is None and slot.default and slot.scope and f" {slot.scope} " in f" {claim.quote} ":
            fit = 0.4  # where it happened, of an event or a thing that the sentence names
        if fit is None and slot.id in self._mentioned(claim):
            return _MENTIONED
        if fit is not None or not slot.default or not EVENT_STEMS & all_words(slot.scope):
            return fit
        country = all(_is_country(word, self._names) for word in scope_words(claim.scope))
        return 0.5 if country or slot.kind == "measurement" else None


_PEOPLE_WORDS = frozenset(
    {"people", "persons", "person", "residents", "villagers", "inhabitants", "victims", "others"}
)


def _says_people(claim: Claim) -> bool:
    """Whether the sentence says that people were counted: "2,300 have been wounded" leaves open who."""
    return bool(_PEOPLE_WORDS & set(tokens(claim.quote)))


def _unsaid(claim: Claim) -> bool:
    """Whether the text does not say who or what is counted, so that the claim's subject is only the usual one."""
    said = tokens(claim.quote)
    words = [singular(word)[:5] for word in said]
    return bool(said) and not any(singular(word)[:5] in words for word in tokens(claim.subject))


def _unit_of(claim: Claim, slot: Slot) -> str:
    """The unit of a claim; that of the slot where it is what is counted: "12 million florins", "400 cases"."""
    return (
        slot.unit if slot.unit and stem(slot.unit) in stems(claim.subject) and not claim.unit else claim.unit
    )


def _denies(claim: Claim, slot: Slot) -> bool:
    """Whether a denial without a state speaks of one of the slot's: `denied that troops had left`, of "left the front"."""
    if measure_fit(claim, slot) is not None:
        return True
    said = stems(claim.measure) | stems(claim.trigger)
    return any(
        phrase_fit(phrase, said) >= 1.0 for name, more in slot.categories.items() for phrase in (name, *more)
    )


def _is_country(word: str, names: Sequence[Sequence[str]]) -> bool:
    """Whether several sources are named after a place: "Interior Ministry of Norland", "Norlandic Rescue Service"."""
    return sum(is_named_after(word, name) for name in names) > 1


_COMPLEMENT = re.compile(r"\w*((?:\s+[\w'-]+){1,5})")


def _complement(claim: Claim) -> str:
    """The words after a state, which may say how: `operating again at reduced capacity`; of a denied state none."""
    state = claim.value.point if claim.value is not None else None
    if claim.polarity == "-" or not isinstance(state, str):
        return ""
    quote = claim.quote.casefold()
    found = quote.find(state.casefold())
    after = _COMPLEMENT.match(quote, found + len(state)) if found >= 0 else None
    return f" {' '.join(tokens(after[1]))} " if after is not None else ""


def _affirmed(phrase: str) -> str:
    """A phrase without the words that deny it."""
    words = tokens(phrase)
    return " ".join(word for word in words if word not in NEGATIONS) if NEGATIONS & set(words) else phrase
