"""Differences on a figure as a reader would say them, gathered by their cause."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from ledger.clock import parse_time
from ledger.state.change import LISTS, Change
from ledger.state.model import Value
from ledger.state.wording import number_text, time_text, value_text

__all__ = ["Told", "told"]

_FIELDS = {
    "best": "figure",
    "best_root": "taken from",
    "low": "lowest",
    "high": "highest",
    "high_open": "open upwards",
    "modality": "firmness",
    "latest": "newest figure",
    "circular": "citation loop",
    "first_seen": "first reported",
    "best_first_seen": "this figure first",
    "best_independent_roots": "independent roots behind it",
    "parties": "interests",
    "best_parties": "interests behind it",
    "roots": "roots with a figure",
    "best_roots": "roots behind the figure",
    "current_roots": "roots with a current figure",
    "dispute.figures": "who disagrees",
    "dispute.denied_by": "denied by",
    "unconfirmed_by": "not confirmed by",
}
_ROOTS = frozenset(
    {"best_root", "roots", "best_roots", "current_roots", "dispute.denied_by", "unconfirmed_by"}
)
_TIMES = frozenset({"first_seen", "best_first_seen"})


class Told(msgspec.Struct, frozen=True):
    """What one cause did: `because` are ids of articles or reviews, `lines` (field, before, after) in words."""

    cause: str
    because: Sequence[str]
    lines: Sequence[tuple[str, str, str]]


def told(found: Iterable[Change], named: Callable[[str], str]) -> list[Told]:
    """The differences in words; what came to one list, or went from it, by one cause is one line."""
    groups: dict[tuple[str, tuple[str, ...]], dict[str, tuple[list[str], list[str]]]] = {}
    for one in found:
        lines = groups.setdefault((one.cause, tuple(one.because)), {})
        before, after = lines.setdefault(one.field, ([], []))
        for side, value in ((before, one.before), (after, one.after)):
            if value is not None or one.field not in LISTS:
                side.append(_said(one.field, value, named))
    return [
        Told(cause, because, [_line(field, *sides) for field, sides in lines.items()])
        for (cause, because), lines in groups.items()
    ]


def _line(field: str, before: list[str], after: list[str]) -> tuple[str, str, str]:
    name = _FIELDS.get(field, field.replace("_", " "))
    if field not in LISTS:
        return name, before[0], after[0]
    return name, f"gone: {'; '.join(before)}" if before else "", f"new: {'; '.join(after)}" if after else ""


def _said(field: str, value: Any, named: Callable[[str], str]) -> str:
    match value:
        case None | [] | ():
            return "–"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number_text(value)
        case str() if field in _ROOTS:
            return named(value)
        case str() if field in _TIMES:
            return time_text(parse_time(value))
        case [str(first), str(second)] if field == "dispute.figures":
            return f"{named(first)} v {named(second)}"
        case {"point": _, "op": _}:
            return value_text(msgspec.convert(value, Value))
        case {"value": stated, "root": str(root), "said_at": str(at)}:
            return f"{_said(field, stated, named)} ({named(root)}, said {time_text(parse_time(at))})"
        case {"value": stated, "root": str(root)}:
            return f"{_said(field, stated, named)} ({named(root)})"
        case _:
            return str(value)
