"""Comparing stated values: intervals, near, compatible.

`approx` n stands for [0.9n, 1.1n] (parameter `approx`), `min` n for [n, inf), `max` n for [0, n]. Differences are compared with a
slack of one part in 10^9, so that 6.7 and 6.6 are 0.1 apart.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

import msgspec

from ledger.state.model import Number, Value

__all__ = ["Comparison", "Neighbours", "is_vague", "stated"]

SLACK = 1e-9


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """How values of one slot are compared.

    `tolerance` is a share of the larger figure, or units of the slot where `absolute`; `approx` is the half-width of "about".
    """

    tolerance: float = 0.1
    approx: float = 0.1
    absolute: bool = False

    def interval(self, value: Value) -> tuple[float, float] | None:
        """The numbers that a value allows; None for a vague value and for a category."""
        point = value.point
        if value.op == "range" and value.lo is not None and value.hi is not None:
            return float(value.lo), float(value.hi)
        if point is None or isinstance(point, str) or value.op in ("vague", "category"):
            return None
        match value.op:
            case "approx":
                width = self.approx * abs(point)
                return point - width, point + width
            case "min":
                return float(point), math.inf
            case "max":
                return min(0.0, float(point)), float(point)
            case _:
                return float(point), float(point)

    def near(self, one: Value | None, other: Value | None) -> bool:
        """Whether two values are the same figure for practical purposes. A vague value is near vague ones only."""
        if one is None or other is None:
            return False
        a, b = one.point, other.point
        if is_vague(one) or is_vague(other):
            return is_vague(one) and is_vague(other)
        if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
            return a == b
        return self._within(abs(a - b), abs(a), abs(b))

    def compatible(self, one: Value, other: Value) -> bool:
        """Whether both can hold at once. A vague value is compatible with every value."""
        if is_vague(one) or is_vague(other):
            return True
        a, b = self.interval(one), self.interval(other)
        if a is None or b is None:
            return one.point == other.point
        low, high = (a, b) if a[1] <= b[1] else (b, a)
        gap = high[0] - low[1]
        return gap <= 0 or self._within(gap, abs(low[1]), abs(high[0]))

    def span(self, point: float) -> tuple[float, float]:
        """Bounds of the points that can be near `point`; a little wide, so `near` still decides."""
        if self.absolute:
            width = self.tolerance + SLACK
        else:
            share = min(self.tolerance, 0.999999)
            width = abs(point) * (share / (1 - share) + SLACK) + SLACK
        return point - width, point + width

    def _within(self, difference: float, a: float, b: float) -> bool:
        allowed = self.tolerance if self.absolute else self.tolerance * max(a, b)
        return difference <= allowed + SLACK * max(1.0, a, b)


class Neighbours:
    """Which of a slot's stated points are near which; every pair is compared once."""

    def __init__(self, comparison: Comparison, values: Iterable[Value | None]) -> None:
        self.comparison = comparison
        numbers = {
            float(value.point)
            for value in values
            if value is not None and isinstance(value.point, int | float)
        }
        self._points = sorted(numbers)
        self._around: dict[float, list[float]] = {}

    def around(self, point: float) -> list[float]:
        """The stated points that are near `point`, ascending."""
        if point not in self._around:
            low, high = self.comparison.span(point)
            reach = self._points[bisect_left(self._points, low) : bisect_right(self._points, high)]
            self._around[point] = [each for each in reach if self.comparison.near(Value(point), Value(each))]
        return self._around[point]


def is_vague(value: Value) -> bool:
    """Whether the value gives no number and no category."""
    return value.op == "vague" or value.point is None


def stated(value: Value) -> tuple[tuple[Number, ...], tuple[Number, ...]]:
    """The figures that a value contributes to the lowest and to the highest one."""
    if is_vague(value) or isinstance(value.point, str):
        return (), ()
    point = value.point
    assert point is not None
    if value.op == "range" and value.lo is not None and value.hi is not None:
        return (value.lo, value.hi), (value.lo, value.hi)
    if value.op == "max":
        return (), (point,)
    return (point,), (point,)
