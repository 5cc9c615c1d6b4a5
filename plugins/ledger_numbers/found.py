"""What the rules build before it becomes an annotation: amounts, the quantities made of them, and times."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ledger_numbers.numerals import as_number

__all__ = ["Amount", "Found", "Time", "number"]


@dataclass(slots=True)
class Amount:
    """A numeral and its unit: tokens `first` up to `stop`, with the numeral itself at `number` up to `after`."""

    first: int
    stop: int
    number: int
    after: int
    kind: str
    value: Decimal
    mantissa: Decimal
    scale: int
    unit: str = ""
    digits: bool = False
    fraction: bool = False


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


class Time(NamedTuple):
    """A time expression at tokens `first` up to `stop`; the other fields as in `TimeSpan`.

    `numbers` tells whether the numbers inside it are also quantities (the three of "last three weeks").
    """

    first: int
    stop: int
    kind: str
    start: str = ""
    end: str = ""
    duration: str = ""
    precision: str = ""
    numbers: bool = False


def number(value: Decimal | None) -> int | float | None:
    """The plain number of a field."""
    return None if value is None else as_number(value)
