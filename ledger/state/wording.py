"""Values, ranges and disputes in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ledger.state.explain import in_words
from ledger.state.model import SlotState, Value

__all__ = [
    "clipped",
    "dispute_text",
    "number_text",
    "range_text",
    "reported_text",
    "roots_text",
    "slot_title",
    "time_text",
    "value_text",
]


def number_text(value: float | str | None) -> str:
    """A figure with thousands separated: 1,150 or 6.8."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not value.is_integer():
        return f"{value:,}"
    return f"{int(value):,}"


def value_text(value: Value | None) -> str:
    """A stated value: `about 1,000`, `300 to 400`, `dozens`, `-` when there is none."""
    return "-" if value is None else in_words(value)


def reported_text(slot: SlotState) -> str:
    """The best figure; else, in brackets, the newest one that is reported without a source that could be named."""
    if slot.best is not None:
        return value_text(slot.best)
    if slot.vague:
        return slot.vague
    unsourced = [
        claim for claim in slot.claims if claim.alive and claim.value is not None and claim.kind == "echo"
    ]
    return f"({value_text(unsourced[-1].value)})" if unsourced else "-"


def range_text(slot: SlotState) -> str:
    """Lowest to highest stated figure among the current ones; a plus marks an open upper end."""
    if slot.low is None and slot.high is None:
        return "-"
    high = number_text(slot.high) + ("+" if slot.high_open else "")
    if slot.low == slot.high:
        return high
    return f"{number_text(slot.low)}-{high}"


def roots_text(slot: SlotState) -> str:
    """Independent roots behind the best figure, of all: `2 of 5`."""
    return f"{slot.best_independent_roots} of {slot.independent_roots}"


def dispute_text(slot: SlotState, named: Callable[[str], str] = str) -> str:
    """Who disagrees, in words; empty when nobody does. `named` gives the name of a root by its id."""
    if not slot.disputed:
        return ""
    parts = [f"{named(first)} v {named(second)}" for first, second in slot.dispute.figures]
    if slot.dispute.denied_by:
        parts.append("denied by " + ", ".join(map(named, slot.dispute.denied_by)))
    return "; ".join(parts) or "yes"


def slot_title(slot: SlotState) -> str:
    """What the figure is about: `North Korean soldiers killed, Kursk`."""
    return slot.slot.title or slot.id


def time_text(value: datetime | None) -> str:
    """To the minute, UTC: `2031-05-04 07:00`."""
    return "-" if value is None else value.strftime("%Y-%m-%d %H:%M")


def clipped(text: str, width: int) -> str:
    """The text on one line of at most `width` characters."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: max(width - 1, 0)].rstrip() + "\u2026"
