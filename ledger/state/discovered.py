"""Slots that nobody declared: defined by what a claim says, with a readable id."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ledger.plugin import Claim
from ledger.state.fits import CUMULATIVE
from ledger.state.keys import is_compound, measure_key, measure_words, scope_words, subject_words
from ledger.state.model import Slot
from ledger.state.vocabulary import CALENDAR, LEVELS, PERSONNEL
from ledger.state.words import slug

__all__ = ["EVENT", "Context", "discovered"]


EVENT = "event"
"""What happened, without a figure: each event a slot of its own, unless it is a state that a declared slot knows."""


class Context:
    """What a whole document says where its claims are silent: the place and the people that it is mostly about."""

    def __init__(self, claims: Sequence[Claim], text: str) -> None:
        claims = [claim for claim in claims if claim.measure != EVENT]
        places = Counter(" ".join(words) for claim in claims if (words := scope_words(claim.scope)))
        self.place = _most_common(places) or _main_place(text)
        self.people = _most_common(
            Counter(
                " ".join(words)
                for claim in claims
                if len(words := subject_words(claim.subject)) > 1 and PERSONNEL & set(words)
            )
        )


def _most_common(counts: Counter[str]) -> str:
    return min(counts, key=lambda name: (-counts[name], name), default="")


def _main_place(text: str) -> str:
    """The name that most often follows a preposition of place, for documents whose claims name no place at all."""
    names = re.findall(r"\b(?:in|near|across|at) (?:the )?([A-Z][\w'-]+(?: [A-Z][\w'-]+)?)", text)
    found = (" ".join(scope_words(name)) for name in names)
    return _most_common(Counter(name for name in found if name and name.split()[0] not in CALENDAR))


def discovered(claim: Claim, context: Context) -> Slot:
    """The slot that a claim defines itself; the document stands in where the claim leaves place or people open."""
    event = claim.measure == EVENT and claim.value is not None
    status = event or claim.measure == "status" or (claim.value is not None and claim.value.op == "category")
    measure = "status" if status else _measure_name(claim.measure) or "count"
    subject = subject_words(claim.subject)
    if not status and set(subject) <= {"people", "soldier"} and context.people:
        subject = context.people.split()
    scope = scope_words(claim.scope) or context.place.split()
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
        " or ".join(sorted(measure_key(measure)))
        if is_compound(measure)
        else " ".join(measure_words(measure))
    )


def _kind(measure: str, *, status: bool, dated: bool) -> str:
    if status:
        return "status"
    if measure == "magnitude":
        return "measurement"
    if set(measure.split()) & LEVELS:
        return "level"
    return "increment" if dated else "cumulative"
