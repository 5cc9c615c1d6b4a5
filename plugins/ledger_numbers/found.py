"""A quantity as the rules build it, before it becomes an annotation."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from ledger_numbers.numerals import as_number

__all__ = ["Found", "number"]


@dataclass(slots=True)
class Found:
    """A quantity at tokens `first` up to `stop`; the other fields as in `Quantity`. `core` is the token of its number."""

    first: int
    stop: int
    core: int
    kind: str
    op: str = "exact"
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    unit: str = ""
    noun: str = ""
    whole: Decimal | None = None


def number(value: Decimal | None) -> int | float | None:
    """The plain number of a field."""
    return None if value is None else as_number(value)
