"""How well a claim fits a declared slot, part by part: subject, place, period, unit, the words of a state.

A fit is a number, higher for a better one, and None where the two exclude each other.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from ledger.state.keys import SMALL, all_words, scope_key
from ledger.state.model import Slot
from ledger.state.vocabulary import (
    CROWD,
    DIRECTIONS,
    EMPTY_SUBJECTS,
    EVENTS,
    GENERIC_PLACES,
    GOODS,
    STATES,
    UNITS,
    VESSELS,
)
from ledger.state.words import stem, stems, tokens

__all__ = [
    "CUMULATIVE",
    "PEOPLE",
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
CROWD_STEMS = frozenset(stem(word) for word in CROWD)
PEOPLE = frozenset({stem("people")})
CARGO_STEMS = frozenset(stem(word) for word in GOODS)
UMBRELLA = frozenset(stem(word) for word in ("aid", "relief", "supply", "assistance", "humanitarian"))
STATE_STEMS = tuple(frozenset(stem(word) for word in family) for family in STATES)


def phrase_fit(phrase: str, said: frozenset[str]) -> float:
    """How well a phrase of a category fits the stems of what is said: 0 not at all, up to 1 by a related state, more by its words."""
    wanted = stems(phrase)
    if not wanted or not said:
        return 0.0
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
    if own == wanted:
        return 3.0
    if wanted <= own:
        return 2.0
    return 1.0 if own < wanted else None


def unnamed_fit(subject: str, slot: Slot) -> float | None:
    """`the ferry`, `the Sandrey ferry` for a slot about "Morning Tern" in the Sandrey strait: a vessel known by its name alone."""
    named = [word for word in slot.subject.split() if word not in SMALL]
    own = tokens(subject)
    bare = bool(own) and own[-1] in VESSELS and set(own[:-1]) <= set(tokens(slot.scope))
    return 0.5 if bare and named and all(word[:1].isupper() for word in named) else None


def subject_fit(own: frozenset[str], wanted: frozenset[str], *, default: bool) -> float | None:
    """How well those counted fit those of a slot (stems); mere people fit where the slot is the default."""
    own, wanted = own - EMPTY_SUBJECTS, wanted - EMPTY_SUBJECTS
    if own == wanted:
        return 3.0
    if not own or own == PEOPLE:
        if default or not wanted or wanted == PEOPLE:
            return 1.0
        return 0.8 if wanted <= CROWD_STEMS else None
    if not wanted:
        return 1.0
    if wanted == PEOPLE and default and own <= CROWD_STEMS:
        return 0.6
    if wanted <= UMBRELLA and own <= CARGO_STEMS:
        return 0.6
    if wanted <= own and wanted != PEOPLE and "aftershock" not in own - wanted:
        return 2.0 if not own - wanted - DIRECTIONS else 1.2
    return 1.5 if own < wanted else None


def scope_fit(own: str, wanted: str, *, default: bool) -> float | None:
    """`own` and `wanted` are texts: kinds of place ("the valley") tell scopes apart that no name does."""
    if not tokens(own):
        return 1.0 if default or not tokens(wanted) else None
    mine, theirs = all_words(own), all_words(wanted)
    share = len(mine & theirs) / len(mine | theirs)
    if scope_key(own) & scope_key(wanted):
        return 2.0 + share
    if mine <= WITHOUT_NAME:
        if mine <= theirs:
            return 1.5
        return 0.5 if default else None
    return None


def unit_fits(own: str, wanted: str) -> bool:
    """How well those counted fit those of a slot; mere people fit where the slot is the default."""
    counted = {"persons", "person", "people", "count", ""}
    a, b = own.casefold(), wanted.casefold()
    if a in counted or b in counted or a == b:
        return True
    return stem(a) == stem(b) or {a, b} <= {"mw", "ml", "ms", "magnitude", "richter"} or not _physical(a, b)


def _physical(a: str, b: str) -> bool:
    """Whether both are units of measurement, so that they cannot stand for each other."""
    return a in UNITS and b in UNITS


def period_fit(period: str, slot: Slot) -> float | None:
    """How well the thing that a status is about fits that of a slot."""
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
    """How well a phrase of a category fits the stems of what is said: 0 not at all, 0.5 to 1 by a related state, more by its words."""
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
