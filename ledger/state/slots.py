"""Which figure a claim is about: the declared slot that fits it best, else a discovered one with a readable id."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from ledger.plugin import Claim
from ledger.state.model import Slot
from ledger.state.registry import Registry
from ledger.state.vocabulary import (
    CALENDAR,
    DIRECTIONS,
    EMPTY_SUBJECTS,
    EVENTS,
    GENERIC_PLACES,
    GOODS,
    LEVELS,
    PARTS,
    PERSONNEL,
    SAME_MEASURE,
    SAME_PHRASE,
    SAME_SUBJECT,
    STATES,
)
from ledger.state.words import singular, slug, stem, stems, tokens

__all__ = ["Finder", "measure_key", "scope_key", "subject_key"]

EVENT = "event"
"""What happened, without a figure: never a declared slot, and each event a slot of its own."""
CUMULATIVE = frozenset({"", "cumulative", "current"})
NEGATIONS = frozenset({"no", "not", "never", "longer"})
SMALL = frozenset({"the", "a", "an", "of", "in", "on", "at", "near", "and", "from"})
WITHOUT_NAME = frozenset(stem(word) for word in GENERIC_PLACES | DIRECTIONS | EVENTS)
CROWD = frozenset(
    stem(word)
    for word in [
        "worker",
        "passenger",
        "protester",
        "demonstrator",
        "villager",
        "miner",
        "resident",
        "employee",
        "patient",
        "migrant",
        "refugee",
        "tourist",
        "customer",
        "guest",
        "fan",
        "pilgrim",
        "shopper",
        "commuter",
        "inmate",
        "member",
        "hiker",
        "climber",
        "skier",
        "holidaymaker",
    ]
)
VESSELS = frozenset(
    [
        "ferry",
        "ship",
        "vessel",
        "boat",
        "tanker",
        "freighter",
        "trawler",
        "submarine",
        "plane",
        "aircraft",
        "airliner",
        "train",
    ]
)
PEOPLE = frozenset({stem("people")})
EVENT_STEMS = frozenset(stem(word) for word in EVENTS)
HINT = 0.3
CARGO = frozenset(stem(word) for word in GOODS)
UMBRELLA = frozenset(stem(word) for word in ("aid", "relief", "supply", "assistance", "humanitarian"))
PART_STEMS = frozenset(stem(word) for word in PARTS)
STATE_STEMS = tuple(frozenset(stem(word) for word in family) for family in STATES)


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
        self._names = [_scope_words(source.name) for source in registry.sources.values()]
        self._keys = {
            slot.id: (measure_key(slot.measure), subject_key(slot.subject)) for slot in self._declared
        }

    def find(self, claim: Claim, context: Context) -> Slot | None:
        """The slot of a claim; None for one that names neither a measure nor a value (a bare denial)."""
        if not claim.measure and claim.value is None:
            return None
        if claim.measure == EVENT:
            return _discovered(claim, context)
        return self.declared(claim) or _discovered(claim, context)

    def declared(self, claim: Claim) -> Slot | None:
        """The declared slot that fits best, ties by id; None when none fits."""
        key = (
            claim.subject, claim.measure, claim.scope, claim.period, claim.unit,
            None if claim.value is None else str(claim.value.point) if claim.value.op == "category" else "", claim.polarity,
            claim.trigger, claim.quote if stems(claim.subject) <= PART_STEMS else "", _complement(claim), self._hinted(claim),
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
        return None if any(self._anybody(claim, slot) for slot in rivals) else first[2]

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
            fits = [_phrase_fit(_affirmed(phrase), said) for phrase in fitting]
            fits += [
                2.0 + len(stems(phrase))
                for phrase in fitting
                if " " in phrase and f" {phrase} ".casefold() in after
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
        if value is None and claim.measure not in ("status", "") and self._measure_fit(claim, slot) is None:
            return None
        _, subject = self._keys[slot.id]
        fit = _thing_fit(subject_key(claim.subject), subject)
        if fit is None and stems(claim.subject) <= PART_STEMS and subject <= subject_key(claim.quote):
            fit = 1.0
        if fit is None and slot.default and value is not None and slot.categories:
            fit = _unnamed_fit(claim.subject, slot)
        where = _scope_fit(claim.scope, slot.scope, default=True)
        if fit is None or where is None:
            return None
        if value is not None and slot.categories and self.category(claim, slot) is None:
            return None
        return fit + where

    def _count_fit(self, claim: Claim, slot: Slot) -> float | None:
        value = claim.value
        if value is not None and value.op == "category":
            return None
        measure, subject = self._keys[slot.id]
        what = self._measure_fit(claim, slot)
        if what is None or not _unit_fits(claim.unit, slot.unit):
            return None
        named = subject_key(claim.subject)
        who = _subject_fit(named - measure, subject - measure, default=slot.default)
        when = _period_fit(claim.period, slot)
        where = self._where(claim, slot)
        if who is None or when is None or where is None:
            return None
        return what + who + when + where + (HINT if slot.id in self._hinted(claim) else 0.0)

    def _hinted(self, claim: Claim) -> tuple[str, ...]:
        """Of counts of mere people: slots of whose people the sentence speaks, as "Norland" does of Norlandic soldiers."""
        if not subject_key(claim.subject) - EMPTY_SUBJECTS <= PEOPLE or not self._peoples:
            return ()
        said = tokens(claim.quote)
        return tuple(
            slot for slot, names in self._peoples if any(_is_named_after(name, said) for name in names)
        )

    def _where(self, claim: Claim, slot: Slot) -> float | None:
        """How the place of a count fits. Of an event, the country of the story is no part, nor is it where something was measured."""
        fit = _scope_fit(claim.scope, slot.scope, default=slot.default)
        if fit is not None or not slot.default or not EVENT_STEMS & _all_words(slot.scope):
            return fit
        country = all(_is_country(word, self._names) for word in _scope_words(claim.scope))
        return 0.5 if country or slot.kind == "measurement" else None

    def _measure_fit(self, claim: Claim, slot: Slot) -> float | None:
        own = measure_key(claim.measure)
        wanted, _ = self._keys[slot.id]
        if own == wanted:
            return 1.0
        if _compound(claim.measure) or _compound(slot.measure) or not own or not wanted:
            return None
        return 0.0 if own <= wanted or wanted <= own else None


class Context:
    """What a whole document says where its claims are silent: the place and the people that it is mostly about."""

    def __init__(self, claims: Sequence[Claim], text: str) -> None:
        claims = [claim for claim in claims if claim.measure != EVENT]
        places = Counter(" ".join(words) for claim in claims if (words := _scope_words(claim.scope)))
        self.place = _most_common(places) or _main_place(text)
        self.people = _most_common(
            Counter(
                " ".join(words)
                for claim in claims
                if len(words := _subject_words(claim.subject)) > 1 and PERSONNEL & set(words)
            )
        )


def _is_country(word: str, names: Sequence[Sequence[str]]) -> bool:
    """Whether several sources are named after a place: "Interior Ministry of Norland", "Norlandic Rescue Service"."""
    return sum(_is_named_after(word, name) for name in names) > 1


def _is_named_after(word: str, others: Sequence[str]) -> bool:
    """Whether a word and one of the others, in lower case, share all but an ending."""
    alike = max(4, len(word) - 2)
    return any(word.casefold()[:alike] == other[:alike] for other in others)


def measure_key(measure: str) -> frozenset[str]:
    """The measure as a set of words: synonyms, order and inflection do not matter."""
    if "casualt" in measure.casefold():
        return frozenset({"injured", "killed"})
    return frozenset(_measure_words(measure))


def _measure_words(measure: str) -> list[str]:
    words = (
        SAME_MEASURE.get(word, word)
        for word in tokens(SAME_PHRASE.get(measure.casefold(), measure))
        if word not in {"or", "and", "without", "people"}
    )
    return list(dict.fromkeys(SAME_MEASURE.get(stem(word), word) for word in words))


def subject_key(subject: str) -> frozenset[str]:
    """The subject as a set of stems; `troops` are soldiers, `residents` people, a `quake` is a shock."""
    return frozenset(stem(word) for word in _subject_words(subject))


def _subject_words(subject: str) -> list[str]:
    words = [singular(word) for word in tokens(subject) if word not in SMALL]
    return list(dict.fromkeys(SAME_SUBJECT.get(word, word) for word in words))


def scope_key(scope: str) -> frozenset[str]:
    """The telling words of a place or event: "Kursk region of Russia" and "Russia's Kursk region" are both `kursk`."""
    return frozenset(stem(word) for word in _scope_words(scope))


def _scope_words(scope: str) -> list[str]:
    words = tokens(re.sub(r"\w+['\u2019]s\s+(?=[A-Z])", "", scope))
    for place, word in enumerate(words):
        if (
            place
            and word in {"of", "in", "on"}
            and set(words[:place]) - GENERIC_PLACES - DIRECTIONS - {"the"}
        ):
            words = words[:place]
            break
    kept = [word for word in words if word not in SMALL]
    telling = [word for word in kept if word not in GENERIC_PLACES and word not in DIRECTIONS]
    return list(dict.fromkeys(telling or kept))


def _compound(measure: str) -> bool:
    return " or " in measure or " and " in measure or "casualt" in measure


def _phrase_fit(phrase: str, said: frozenset[str]) -> float:
    wanted = stems(phrase)
    if not wanted or not said:
        return 0.0
    if wanted <= said:
        return 2.0 + len(wanted)
    if said <= wanted and len(said) * 2 >= len(wanted):
        return 1.5
    families = [family for family in STATE_STEMS if wanted & family and said & family]
    return max((1.0 if wanted <= family else 0.5 for family in families), default=0.0)


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


def _thing_fit(own: frozenset[str], wanted: frozenset[str]) -> float | None:
    if not own:
        return None
    if own == wanted:
        return 3.0
    if wanted <= own:
        return 2.0
    return 1.0 if own < wanted else None


def _unnamed_fit(subject: str, slot: Slot) -> float | None:
    """`the ferry`, `the Sandrey ferry` for a slot about "Morning Tern" in the Sandrey strait: a vessel known by its name alone."""
    named = [word for word in slot.subject.split() if word not in SMALL]
    own = tokens(subject)
    bare = bool(own) and own[-1] in VESSELS and set(own[:-1]) <= set(tokens(slot.scope))
    return 0.5 if bare and named and all(word[:1].isupper() for word in named) else None


def _subject_fit(own: frozenset[str], wanted: frozenset[str], *, default: bool) -> float | None:
    own, wanted = own - EMPTY_SUBJECTS, wanted - EMPTY_SUBJECTS
    if own == wanted:
        return 3.0
    if not own or own == PEOPLE:
        if default or not wanted or wanted == PEOPLE:
            return 1.0
        return 0.8 if wanted <= CROWD else None
    if not wanted:
        return 1.0
    if wanted == PEOPLE and default and own <= CROWD:
        return 0.6
    if wanted <= UMBRELLA and own <= CARGO:
        return 0.6
    if wanted <= own and wanted != PEOPLE and "aftershock" not in own - wanted:
        return 2.0 if not own - wanted - DIRECTIONS else 1.2
    return 1.5 if own < wanted else None


def _scope_fit(own: str, wanted: str, *, default: bool) -> float | None:
    """`own` and `wanted` are texts: kinds of place ("the valley") tell scopes apart that no name does."""
    if not tokens(own):
        return 1.0 if default or not tokens(wanted) else None
    mine, theirs = _all_words(own), _all_words(wanted)
    share = len(mine & theirs) / len(mine | theirs)
    if scope_key(own) & scope_key(wanted):
        return 2.0 + share
    if mine <= WITHOUT_NAME:
        if mine <= theirs:
            return 1.5
        return 0.5 if default else None
    return None


def _all_words(scope: str) -> frozenset[str]:
    return frozenset(stem(word) for word in tokens(scope) if word not in SMALL)


def _unit_fits(own: str, wanted: str) -> bool:
    counted = {"persons", "person", "people", "count", ""}
    a, b = own.casefold(), wanted.casefold()
    if a in counted or b in counted or a == b:
        return True
    return stem(a) == stem(b) or {a, b} <= {"mw", "ml", "ms", "magnitude", "richter"} or not _physical(a, b)


def _physical(a: str, b: str) -> bool:
    """Whether both are units of measurement, so that they cannot stand for each other."""
    known = {
        "km",
        "kilometre",
        "kilometer",
        "m",
        "metre",
        "hectare",
        "acre",
        "percent",
        "usd",
        "eur",
        "gbp",
        "tonne",
        "mw",
    }
    return a in known and b in known


def _period_fit(period: str, slot: Slot) -> float | None:
    own, wanted = period.strip().casefold(), slot.period.strip().casefold()
    if own == wanted:
        return 2.0
    if own in CUMULATIVE and wanted in CUMULATIVE:
        return 1.5
    if slot.kind in ("measurement", "level", "status"):
        overlap = _overlap(own, wanted)
        return 1.0 if own in CUMULATIVE or wanted in CUMULATIVE or overlap is None or overlap > 0 else None
    if own in CUMULATIVE or wanted in CUMULATIVE:
        return None
    overlap = _overlap(own, wanted)
    if overlap is None:
        return 1.0 if set(tokens(own)) & set(tokens(wanted)) else None
    return 1.0 + overlap if overlap >= 0.5 else None


def _overlap(one: str, other: str) -> float | None:
    """Which share of the longer of two periods is in both; None when one of them is no date."""
    a, b = _days(one), _days(other)
    if a is None or b is None:
        return None
    shared = (min(a[1], b[1]) - max(a[0], b[0])).days + 1
    longer = max((a[1] - a[0]).days, (b[1] - b[0]).days) + 1
    return max(shared, 0) / longer


def _days(period: str) -> tuple[date, date] | None:
    start, _, end = period.upper().partition("/")
    try:
        if re.fullmatch(r"\d{4}-\d\d", start):
            first = date.fromisoformat(start + "-01")
            after = (first + timedelta(days=32)).replace(day=1)
            return first, after - timedelta(days=1)
        first = date.fromisoformat(start[:10] if "T" in start else start)
        if re.fullmatch(r"\d{4}-?W\d\d", start):
            return first, first + timedelta(days=6)
        if spelled := re.fullmatch(r"P(\d+)([DW])", end):
            days = int(spelled[1]) * (7 if spelled[2] == "W" else 1)
            return first, first + timedelta(days=max(days - 1, 0))
        return first, date.fromisoformat(end[:10]) if end else first
    except ValueError:
        return None


def _most_common(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name), default="")


def _main_place(text: str) -> str:
    """The name that most often follows a preposition of place, for documents whose claims name no place at all."""
    names = re.findall(r"\b(?:in|near|across|at) (?:the )?([A-Z][\w'-]+(?: [A-Z][\w'-]+)?)", text)
    found = (" ".join(_scope_words(name)) for name in names)
    return _most_common(Counter(name for name in found if name and name.split()[0] not in CALENDAR))


def _discovered(claim: Claim, context: Context) -> Slot:
    event = claim.measure == EVENT and claim.value is not None
    status = event or claim.measure == "status" or (claim.value is not None and claim.value.op == "category")
    measure = "status" if status else _measure_name(claim.measure) or "count"
    subject = _subject_words(claim.subject)
    if not status and set(subject) <= {"people", "soldier"} and context.people:
        subject = context.people.split()
    scope = _scope_words(claim.scope) or context.place.split()
    dated = claim.period not in CUMULATIVE
    kind = _kind(measure, status=status, dated=dated)
    unit = "category" if status else claim.unit
    who, where = " ".join(subject), " ".join(scope)
    if event and claim.value is not None:
        measure = f"{EVENT} {claim.value.point}"
    parts = [slug(part) for part in (measure, who, where) if part]
    if dated:
        parts.append(slug(claim.period))
    if unit and unit not in ("persons", "category", "Mw"):
        parts.append(slug(unit))
    period = claim.period if dated else "current" if kind in ("status", "level") else "cumulative"
    return Slot(
        id=".".join(parts),
        subject=who,
        measure=measure,
        scope=where,
        period=period,
        kind=kind,
        unit=unit,
        tolerance=0.1 if measure == "magnitude" else None,
        declared=False,
    )


def _measure_name(measure: str) -> str:
    return (
        " or ".join(sorted(measure_key(measure))) if _compound(measure) else " ".join(_measure_words(measure))
    )


def _kind(measure: str, *, status: bool, dated: bool) -> str:
    if status:
        return "status"
    if measure == "magnitude":
        return "measurement"
    if set(measure.split()) & LEVELS:
        return "level"
    return "increment" if dated else "cumulative"
