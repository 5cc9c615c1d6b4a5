"""How well a claim fits a declared slot, part by part: subject, place, period, unit, the words of a state.

A fit is a number, higher for a better one, and None where the two exclude each other.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from ledger.state.keys import SMALL, all_words, is_named_after, scope_key
from ledger.state.model import Slot
from ledger.state.vocabulary import (
    COUNTED,
    CROWD,
    DIRECTIONS,
    EMPTY_SUBJECTS,
    EVENTS,
    GENERIC_PLACES,
    GOODS,
    GROUPS,
    PERSONNEL,
    PERSONS,
    STATES,
    UNITS,
    VESSELS,
)
from ledger.state.words import stem, stems, tokens

__all__ = [
    "CUMULATIVE",
    "PEOPLE",
    "event_words",
    "period_fit",
    "phrase_fit",
    "scope_fit",
    "subject_fit",
    "thing_fit",
    "unit_fits",
    "unnamed_fit",
]

CUMULATIVE = frozenset({"", "cumulative", "current"})
WITHOUT_NAME = frozenset(stem(word) for word in GENERIC_PLACES | DIRECTIONS | EVENTS)
CROWD_STEMS = frozenset(stem(word) for word in CROWD | {"civilian"})
PERSON_STEMS = frozenset(stem(word) for word in PERSONS)
PERSONNEL_STEMS = frozenset(stem(word) for word in PERSONNEL)
GROUP_STEMS = frozenset(stem(word) for word in GROUPS)
PEOPLE = frozenset({stem("people")})
CARGO_STEMS = frozenset(stem(word) for word in GOODS)
CALENDAR_WORDS = frozenset(
    [
        "cumulative",
        "current",
        "constant",
        "week",
        "day",
        "month",
        "year",
        "hours",
        "to",
        "until",
        "ending",
        "ended",
        "one",
        "last",
        "past",
        "first",
        "since",
        "per",
        "single",
    ]
)
UMBRELLA = frozenset(stem(word) for word in ("aid", "relief", "supply", "assistance", "humanitarian"))
STATE_STEMS = tuple(frozenset(stem(word) for word in family) for family in STATES)


def phrase_fit(phrase: str, said: frozenset[str]) -> float:
    """How well a phrase of a category fits the stems of what is said: 0 not at all, up to 1 by a related state, more by its words."""
    wanted = stems(phrase)
    if not wanted or not said:
        return 0.0
    said = _alike(said, wanted)
    if wanted <= said:
        return 2.0 + len(wanted)
    if said <= wanted and len(said) * 2 >= len(wanted):
        return 1.5
    families = [family for family in STATE_STEMS if wanted & family and said & family]
    return max((1.0 if wanted <= family else 0.5 for family in families), default=0.0)


def thing_fit(own: frozenset[str], wanted: frozenset[str]) -> float | None:
    """How well the thing that a status is about fits that of a slot; both are stems."""
    if not own:
        return None
    own, wanted = _as_soldiers(own), _as_soldiers(wanted)
    own = _alike(own, wanted)
    if own == wanted:
        return 3.0
    if wanted <= own:
        return 2.0
    return 1.0 if own < wanted else None


def _as_soldiers(words: frozenset[str]) -> frozenset[str]:
    """The words with one for soldiers in place of those for bodies of them: `Dohani units` are `Dohani troops`."""
    return words - GROUP_STEMS | PERSONNEL_STEMS if words & GROUP_STEMS else words


def _alike(own: frozenset[str], wanted: frozenset[str]) -> frozenset[str]:
    """The words with those of a slot in place of a country's other name: soldiers of `Vosta` are `Vostan` soldiers."""
    rest = wanted - own
    return frozenset(next((w for w in sorted(rest) if is_named_after(word, [w])), word) for word in own)


def unnamed_fit(subject: str, slot: Slot) -> float | None:
    """`the ferry`, `the Sandrey ferry` for a slot about "Morning Tern" in the Sandrey strait: a vessel known by its name alone."""
    named = [word for word in slot.subject.split() if word not in SMALL]
    own = tokens(subject)
    bare = bool(own) and own[-1] in VESSELS and set(own[:-1]) <= set(tokens(slot.scope))
    return 0.5 if bare and named and all(word[:1].isupper() for word in named) else None


def subject_fit(
    own: frozenset[str], wanted: frozenset[str], *, default: bool, said: bool = True
) -> float | None:
    """How well those counted fit those of a slot (stems); mere people fit where the slot is the default.

    Soldiers are not mere people, unless the text left open who is counted (`said` is false). A slot may also name no people but
    what befell them ("lake fever") or who acts (an employer): people fit it.
    """
    own, wanted = own - EMPTY_SUBJECTS, wanted - EMPTY_SUBJECTS
    own = _alike(own, wanted)
    if own == wanted:
        return 3.0
    if not own or own == PEOPLE:
        if said and own == PEOPLE and wanted & PERSONNEL_STEMS:
            return None
        if default or not wanted or wanted == PEOPLE:
            return 1.0
        return 0.8 if wanted <= CROWD_STEMS else None if wanted & PERSON_STEMS else 0.6
    if not wanted:
        return 1.0
    if wanted == PEOPLE and default and own <= CROWD_STEMS:
        return 0.6
    if wanted <= UMBRELLA and own <= CARGO_STEMS:
        return 0.6
    if wanted <= own and wanted != PEOPLE and "aftershock" not in own - wanted:
        return 2.0 if not own - wanted - DIRECTIONS else 1.2
    return 1.5 if own < wanted else None


def event_words(slot: Slot) -> frozenset[str]:
    """The stems of the event that the period of a slot names: `strike of 2034-03-11`; none for a date or a calendar unit."""
    return frozenset(
        stem(word)
        for word in tokens(slot.period)
        if word.isalpha() and word not in SMALL and word not in CALENDAR_WORDS
    )


def scope_fit(own: str, slot: Slot, *, default: bool) -> float | None:
    """How well a place or event fits that of a slot: kinds of place ("the valley") tell scopes apart that no name does.

    A place without a name ("the market") leads to the slot whose place or event has its words, and from none away.
    """
    if not tokens(own):
        return 1.0 if default or not tokens(slot.scope) else None
    event = event_words(slot)
    mine, theirs = all_words(own), all_words(slot.scope) | event
    share = len(mine & theirs) / len(mine | theirs)
    if scope_key(own) & (scope_key(slot.scope) | event - WITHOUT_NAME):
        return 2.0 + share
    if mine <= WITHOUT_NAME and mine <= theirs:
        return 1.5
    if mine <= WITHOUT_NAME or own.islower():
        return 0.5 if default else None
    return None


def unit_fits(own: str, wanted: str) -> bool:
    """Whether a figure in one unit can be one of a slot in another: what is counted has no unit of measurement."""
    a, b = _unit(own), _unit(wanted)
    if not wanted or a == b or stem(a) == stem(b) or b == "magnitude":
        return True
    if a in COUNTED:
        return b not in _MEASURED
    return False


def _unit(name: str) -> str:
    plain = name.casefold().replace("_", " ").removesuffix("s") if len(name) > 3 else name.casefold()
    return UNITS.get(plain, UNITS.get(name.casefold(), plain))


_MEASURED = frozenset(UNITS.values())


def period_fit(period: str, slot: Slot) -> float | None:
    """How well the period of a claim fits that of a slot."""
    own, wanted = period.strip().casefold(), slot.period.strip().casefold()
    if own == wanted:
        return 2.0
    if own in CUMULATIVE and wanted in CUMULATIVE:
        return 1.5
    if slot.kind in ("measurement", "level", "status"):
        overlap = _overlap(own, wanted)
        return 1.0 if own in CUMULATIVE or wanted in CUMULATIVE or overlap is None or overlap > 0 else None
    if own in CUMULATIVE and event_words(slot):
        return 1.0  # whose place must then say that the event is meant
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
    """The first and last day of a period; None for one that is no date."""
    if named := re.fullmatch(r"(day|week|month) (?:to|until|ending|ended) (\d{4}-\d\d-\d\d)", period.lower()):
        last = date.fromisoformat(named[2])
        return last - timedelta(days={"day": 0, "week": 6, "month": 29}[named[1]]), last
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
