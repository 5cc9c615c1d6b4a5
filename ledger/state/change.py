"""Why a slot reads otherwise than before: every difference with its one cause."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ledger.state.decisions import together
from ledger.state.evaluate import reported_state
from ledger.state.model import Review
from ledger.state.registry import Registry
from ledger.state.reports import Report
from ledger.state.resolve import resolve

__all__ = ["CAUSES", "LISTS", "Basis", "Change", "explain_change"]

CAUSES = ("our code", "source registry", "new evidence", "revision by the publisher", "our reviewers")
"""In the order in which they are tried."""

_FIGURES = (
    "best", "best_root", "low", "high", "high_open", "modality", "disputed", "latest", "circular", "first_seen",
    "best_first_seen",
)  # fmt: skip
_COUNTS = ("reports", "independent_roots", "best_independent_roots", "parties", "best_parties")
LISTS = (
    "roots", "best_roots", "current_roots", "dispute.figures", "dispute.denied_by", "unconfirmed_by", "forecasts",
)  # fmt: skip
"""Fields of which every entry is a difference of its own."""


class Basis(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer rests on: reports, registry, reviews and the two times."""

    reports: tuple[Report, ...]
    registry: Registry
    reviews: tuple[Review, ...] = ()
    recorded_as_of: datetime | None = None
    published_as_of: datetime | None = None


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference, with its one cause (of CAUSES) and the ids of articles or reviews that bear on it.

    Of a list (`roots`, `dispute.denied_by` and the like) each entry that came (`before` is None) or went (`after` is None) is a
    difference of its own.
    """

    field: str
    before: Any
    after: Any
    cause: str
    because: tuple[str, ...] = ()


class _Step(msgspec.Struct, frozen=True, kw_only=True):
    """A world between the two answers: all causes up to `cause` have acted."""

    cause: str
    reports: tuple[Report, ...]
    registry: Registry
    reviews: tuple[Review, ...]
    published_as_of: datetime | None


def explain_change(before: Basis, after: Basis, slot: str) -> tuple[Change, ...]:
    """Attribute each difference in a slot between two answers to exactly one cause.

    The second basis is reached from the first in steps: what our processors read from the same revisions, the registry, articles
    that are new, revisions (and withdrawals) of known ones, reviews. The cause of a difference is the step that gave the field the value that it
    ends with; of a count, the step that did most of the way.
    """
    old, new = _known(before), _known(after)
    articles = {article for article, _, _ in old}
    arrived = {key for key in new if key[0] not in articles}
    readings, concerned = _readings(_steps(before, after, old, new, arrived), slot)
    first, last = _taken(before), _taken(after)
    taken = {each.id for each in first} ^ {each.id for each in last}
    decided = {each.id for each in _bearing_on((*first, *last), slot) if each.id in taken}
    bearing = {
        "new evidence": tuple(sorted({key[0] for key in arrived} & concerned)),
        "revision by the publisher": tuple(
            sorted({key[0] for key in new if key[0] in articles and key not in old} & concerned)
        ),
        "our reviewers": tuple(sorted(decided)),
    }
    return tuple(
        Change(field=field, before=was, after=now, cause=cause, because=bearing.get(cause, ()))
        for field, was, now, cause in (
            *_differing_figures(readings),
            *_differing_counts(readings),
            *_differing_lists(readings),
        )
    )


def _steps(
    before: Basis, after: Basis, old: dict[_Key, Report], new: dict[_Key, Report], arrived: set[_Key]
) -> list[_Step]:
    again = {key: new.get(key, report) for key, report in old.items()}
    grown = {
        **{key: report for key, report in again.items() if key in new},
        **{key: new[key] for key in arrived},
    }
    first, last = _taken(before), _taken(after)
    worlds: list[tuple[str, Iterable[Report], Registry, tuple[Review, ...], datetime | None]] = [
        ("", old.values(), before.registry, first, before.published_as_of),
        ("our code", again.values(), before.registry, first, before.published_as_of),
        ("source registry", again.values(), after.registry, first, before.published_as_of),
        ("new evidence", grown.values(), after.registry, first, after.published_as_of),
        ("revision by the publisher", new.values(), after.registry, first, after.published_as_of),
        ("our reviewers", new.values(), after.registry, last, after.published_as_of),
    ]
    return [
        _Step(cause=cause, reports=tuple(reports), registry=registry, reviews=reviews, published_as_of=limit)
        for cause, reports, registry, reviews, limit in worlds
    ]


def _readings(steps: Sequence[_Step], slot: str) -> tuple[list[tuple[str, dict[str, Any]]], set[str]]:
    """What the slot reads after each step, and the articles that claim something on it. A step that changes nothing is not read again."""
    readings: list[tuple[str, dict[str, Any]]] = []
    concerned: set[str] = set()
    previous: _Step | None = None
    for step in steps:
        if previous is not None and msgspec.structs.replace(step, cause=previous.cause) == previous:
            readings.append((step.cause, readings[-1][1]))
        else:
            fields, articles = _fields(slot, step.reports, step.registry, step.reviews, step.published_as_of)
            readings.append((step.cause, fields))
            concerned |= articles
        previous = step
    return readings, concerned


_Readings = Sequence[tuple[str, dict[str, Any]]]
_Difference = tuple[str, Any, Any, str]


def _differing_figures(readings: _Readings) -> Iterable[_Difference]:
    for field in _FIGURES:
        values = [fields.get(field) for _, fields in readings]
        if values[0] != values[-1]:
            yield field, values[0], values[-1], _last_to_change(readings, values)


def _differing_counts(readings: _Readings) -> Iterable[_Difference]:
    for field in _COUNTS:
        values = [fields.get(field, 0) for _, fields in readings]
        if values[0] == values[-1]:
            continue
        sign = 1 if values[-1] > values[0] else -1
        steps = [sign * (values[place] - values[place - 1]) for place in range(1, len(values))]
        most = max(steps)
        place = max(place for place, step in enumerate(steps) if step == most)
        yield field, values[0], values[-1], readings[place + 1][0]


def _differing_lists(readings: _Readings) -> Iterable[_Difference]:
    for field in LISTS:
        found = [_entries(fields, field) for _, fields in readings]
        for key in sorted(set(found[0]) ^ set(found[-1])):
            present = [key in entries for entries in found]
            cause = _last_to_change(readings, present)
            yield field, found[0].get(key), found[-1].get(key), cause


def _entries(fields: dict[str, Any], field: str) -> dict[str, Any]:
    """The entries of a list by their text."""
    found: Any = fields
    for name in field.split("."):
        found = (found or {}).get(name)
    return {msgspec.json.encode(entry, order="sorted").decode(): entry for entry in found or ()}


def _last_to_change(readings: _Readings, values: Sequence[Any]) -> str:
    return next(
        readings[place][0] for place in range(len(values) - 1, 0, -1) if values[place] != values[place - 1]
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


def _bearing_on(reviews: Sequence[Review], slot: str) -> list[Review]:
    """Decisions about the slot, about roots and articles, and about such decisions."""
    slots = together({slot}, reviews)
    found = {each.id for each in reviews if each.action != "undo" and each.target.get("slot", slot) in slots}
    size = -1
    while size != len(found):
        size = len(found)
        found |= {each.id for each in reviews if each.target.get("review") in found}
    return [each for each in reviews if each.id in found]


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
    fields = found.to_dict() if found else {}
    return fields, on_slot
