"""Why a slot reads as it does, and why it reads otherwise than before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ledger.clock import format_time
from ledger.errors import NotFoundError
from ledger.state.evaluate import reported_state
from ledger.state.model import (
    GRADES,
    MODALITIES,
    ClaimState,
    Denial,
    Figure,
    Forecast,
    Review,
    SlotState,
    State,
    Value,
)
from ledger.state.registry import Registry
from ledger.state.reports import Report
from ledger.state.resolve import resolve
from ledger.state.reviews import touching

__all__ = [
    "CAUSES",
    "Basis",
    "Change",
    "Explanation",
    "RootGroup",
    "explain",
    "explain_change",
    "in_words",
]

CAUSES = ("our code", "source registry", "new evidence", "revision by the publisher", "our reviewers")
"""In the order in which they are tried."""

_COMPARED = (
    "best", "best_root", "low", "high", "high_open", "modality", "reports", "independent_roots", "best_independent_roots",
    "parties", "best_parties", "roots", "best_roots", "current_roots", "circular", "disputed", "dispute", "latest",
    "unconfirmed_by", "forecasts", "first_seen", "best_first_seen",
)  # fmt: skip


class RootGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A living root with all living claims that lead to it, in order of appearance. `role` says what it does for `best`."""

    root: str
    figure: Figure
    role: str
    claims: tuple[ClaimState, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything behind one slot. `why` are sentences; `rootless` are living claims that add no root; `dead` the others."""

    slot: str
    best: Value | None
    why: tuple[str, ...]
    roots: tuple[RootGroup, ...]
    rootless: tuple[ClaimState, ...]
    dead: tuple[ClaimState, ...]
    forecasts: tuple[Forecast, ...]
    denials: tuple[Denial, ...]


def explain(state: State, slot: str) -> Explanation:
    """Every report of a slot by root, and why `best` is best. Raises NotFoundError for a slot that the state lacks."""
    found = state.get(slot)
    if found is None:
        known = ", ".join(each.id for each in state.slots[:8])
        raise NotFoundError(
            "Nothing is reported on this slot", which=slot, fix=f"Known slots: {known or 'none'}"
        )
    counted = [claim for claim in found.claims if claim.alive and claim.kind not in _UNCOUNTED]
    held = {figure.root for figure in found.figures}
    return Explanation(
        slot=slot,
        best=found.best,
        why=_why(found, state.policy),
        roots=tuple(
            RootGroup(
                root=figure.root,
                figure=figure,
                role=_role(found, figure),
                claims=tuple(claim for claim in counted if claim.root == figure.root),
            )
            for figure in found.figures
        ),
        rootless=tuple(claim for claim in counted if claim.root not in held),
        dead=tuple(claim for claim in found.claims if not claim.alive),
        forecasts=found.forecasts,
        denials=found.denials,
    )


_UNCOUNTED = frozenset({"forecast", "denial", "unconfirmed"})


def in_words(value: Value | None) -> str:
    """A value as a reader would say it."""
    if value is None:
        return "nothing"
    point = value.point
    shown = f"{point:,}" if isinstance(point, int | float) else str(point)
    match value.op:
        case "approx":
            return f"about {shown}"
        case "min":
            return f"at least {shown}"
        case "max":
            return f"up to {shown}"
        case "range":
            return f"{value.lo:,} to {value.hi:,}" if value.lo is not None and value.hi is not None else shown
        case "vague":
            return value.text or "an unstated number"
        case _:
            return shown


def _role(slot: SlotState, figure: Figure) -> str:
    if figure.root == slot.best_root:
        return "best"
    if figure.root in slot.best_roots:
        return "supports best"
    if not figure.current:
        return "older figure"
    if not figure.candidate:
        return "lower bound only" if figure.value.op == "min" else "no figure"
    return "another current figure"


def _why(slot: SlotState, policy: str) -> tuple[str, ...]:
    best = next((figure for figure in slot.figures if figure.root == slot.best_root), None)
    if best is None:
        said = f"; the latest wording is {slot.vague!r}" if slot.vague else ""
        return (f"No current root states a figure{said}.",)
    said = f"{in_words(best.value)} ({best.root}, said {format_time(best.said_at)}, grade {best.grade})"
    lines = [f"Shown: {said}, chosen by the policy {policy}."]
    lines.append(
        f"{slot.best_independent_roots} of {slot.independent_roots} independent roots stand by it: "
        f"{', '.join(slot.best_roots)}."
    )
    rivals = [each for each in slot.figures if each.candidate and each.value.point != best.value.point]
    if not rivals:
        lines.append("No other current figure competes with it.")
    lines += [
        f"It comes before {in_words(rival.value)} ({rival.root}): {_ahead(slot, best, rival, policy)}."
        for rival in rivals
    ]
    lines += [
        f"{in_words(each.value)} ({each.root}) is a lower bound that a later or equally late figure meets."
        for each in slot.figures
        if each.current and not each.candidate and each.value.op == "min"
    ]
    if slot.disputed:
        pairs = [f"{one} against {other}" for one, other in slot.dispute.figures]
        denied = [f"denied by {root}" for root in slot.dispute.denied_by]
        lines.append(f"Disputed: {'; '.join([*pairs, *denied])}.")
    if slot.circular:
        lines.append("At least one root is a citation loop: outlets that cite each other and nobody else.")
    return tuple(lines)


def _ahead(slot: SlotState, best: Figure, rival: Figure, policy: str) -> str:
    """The first criterion of the policy on which the two differ."""
    by_time = slot.slot.kind in ("status", "level") or policy.startswith("latest/")
    grade = "its grade is better", GRADES.index(best.grade), GRADES.index(rival.grade)
    modality = "it is stated more firmly", _firmness(best), _firmness(rival)
    later = "it was said later", rival.said_at, best.said_at
    support = (
        f"more roots stand by it ({best.support} against {rival.support})",
        -best.support,
        -rival.support,
    )
    reliable = "its root is graded A to D", best.grade in "EF", rival.grade in "EF"
    order: list[tuple[str, Any, Any]] = (
        [later, grade, modality] if by_time else [support, grade, modality, later]
    )
    if by_time and not policy.startswith("latest/"):
        order.insert(0, reliable)
    for words, mine, other in order:
        if mine < other:
            return words
    return "the lower figure and the lower id come first when all else is equal"


def _firmness(figure: Figure) -> int:
    return MODALITIES.index(figure.modality) if figure.modality in MODALITIES else len(MODALITIES)


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer rests on: reports, registry, reviews and the two times."""

    reports: tuple[Report, ...]
    registry: Registry
    reviews: tuple[Review, ...] = ()
    recorded_as_of: datetime | None = None
    published_as_of: datetime | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One field that reads otherwise, with its one cause (of CAUSES) and the ids of articles or reviews that bear on it."""

    field: str
    before: Any
    after: Any
    cause: str
    because: tuple[str, ...] = ()


def explain_change(before: Basis, after: Basis, slot: str) -> tuple[Change, ...]:
    """Attribute each difference in a slot between two answers to exactly one cause.

    The second basis is reached from the first in steps: what our processors read from the same revisions, the registry, articles
    that are new, revisions (and withdrawals) of known ones, reviews. A field's cause is the step that gave it its last value.
    """
    old, new = _known(before), _known(after)
    again = {key: new.get(key, report) for key, report in old.items()}
    articles = {article for article, _, _ in old}
    kept = {key: report for key, report in again.items() if key in new}
    arrived = {key: report for key, report in new.items() if key[0] not in articles}
    first, last = _taken(before), _taken(after)
    steps: list[tuple[str, Iterable[Report], Registry, tuple[Review, ...], datetime | None]] = [
        ("", old.values(), before.registry, first, before.published_as_of),
        ("our code", again.values(), before.registry, first, before.published_as_of),
        ("source registry", again.values(), after.registry, first, before.published_as_of),
        ("new evidence", {**kept, **arrived}.values(), after.registry, first, after.published_as_of),
        ("revision by the publisher", new.values(), after.registry, first, after.published_as_of),
        ("our reviewers", new.values(), after.registry, last, after.published_as_of),
    ]
    answers = [_fields(slot, *step[1:]) for step in steps]
    readings = [fields for fields, _ in answers]
    concerned = {article for _, articles_on_slot in answers for article in articles_on_slot}
    causes: dict[str, str] = {}
    for place, (name, *_) in enumerate(steps[1:], start=1):
        for field in _COMPARED:
            if readings[place].get(field) != readings[place - 1].get(field):
                causes[field] = name
    decided = {each.id for each in touching(last, slot)} ^ {each.id for each in touching(first, slot)}
    bearing = {
        "new evidence": tuple(sorted({key[0] for key in arrived} & concerned)),
        "revision by the publisher": tuple(
            sorted({key[0] for key in new if key[0] in articles and key not in old} & concerned)
        ),
        "our reviewers": tuple(sorted(decided)),
    }
    return tuple(
        Change(
            field=field,
            before=readings[0].get(field),
            after=readings[-1].get(field),
            cause=causes[field],
            because=bearing.get(causes[field], ()),
        )
        for field in _COMPARED
        if readings[0].get(field) != readings[-1].get(field)
    )


_Key = tuple[str, int, bool]


def _known(basis: Basis) -> dict[_Key, Report]:
    limit = basis.recorded_as_of
    return {
        (report.article, report.revision, report.withdrawn): report
        for report in basis.reports
        if limit is None or report.recorded_at <= limit
    }


def _taken(basis: Basis) -> tuple[Review, ...]:
    limit = basis.recorded_as_of
    return tuple(each for each in basis.reviews if limit is None or each.at <= limit)


def _fields(
    slot: str,
    reports: Iterable[Report],
    registry: Registry,
    reviews: Sequence[Review],
    published_as_of: datetime | None,
) -> tuple[dict[str, Any], set[str]]:
    """The compared fields of a slot, and the articles that claim something on it or correct one that does."""
    documents = resolve(reports, registry)
    state = reported_state(
        documents,
        registry,
        reviews=reviews,
        published_as_of=published_as_of,
        slots={slot},
        history=False,
    )
    on_slot = {
        document.id
        for document in documents
        if any(claim.slot == slot for version in document.versions for claim in version.claims)
    }
    on_slot |= {document.id for document in documents if document.corrects in on_slot}
    found = state.get(slot)
    fields = {name: value for name, value in found.to_dict().items() if name in _COMPARED} if found else {}
    return fields, on_slot
