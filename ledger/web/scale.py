"""Axes: where a value or a time lies on a drawing, and which marks read well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

__all__ = ["Axis", "TimeAxis", "number_axis", "time_axis"]

_STEPS = (1, 2, 2.5, 5, 10)
_SPANS = (
    timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1), timedelta(hours=3), timedelta(hours=6),
    timedelta(hours=12), timedelta(days=1), timedelta(days=2), timedelta(days=7), timedelta(days=14),
    timedelta(days=30), timedelta(days=91), timedelta(days=182), timedelta(days=365),
)  # fmt: skip


class Axis(msgspec.Struct, frozen=True, kw_only=True):
    """Values from `low` to `high` along pixels from `start` to `end`; on a logarithmic scale where `log`."""

    low: float
    high: float
    start: float
    end: float
    log: bool
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        """Where a value lies, in pixels, inside the axis."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log10(max(value, low)), math.log10(low), math.log10(high)
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.start + min(max(share, 0), 1) * (self.end - self.start), 1)


class TimeAxis(msgspec.Struct, frozen=True, kw_only=True):
    """Times from `first` to `last` along pixels from `start` to `end`."""

    first: datetime
    last: datetime
    start: float
    end: float
    ticks: tuple[tuple[datetime, str], ...]

    def place(self, at: datetime) -> float:
        """Where an instant lies, in pixels, inside the axis."""
        whole = (self.last - self.first).total_seconds()
        share = (at - self.first).total_seconds() / whole if whole else 0.5
        return round(self.start + min(max(share, 0), 1) * (self.end - self.start), 1)


def number_axis(values: Sequence[float], start: float, end: float) -> Axis:
    """An axis that holds all `values`, finite ones, at least one; logarithmic when they span more than two decades."""
    low, high = min(values), max(values)
    if low > 0 and high / low > 100:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        ticks = tuple(10.0**power for power in powers)
        return Axis(low=ticks[0], high=ticks[-1], start=start, end=end, log=True, ticks=ticks)
    if low >= 0 and low < high * 0.6:
        low = 0.0
    step = _nice((high - low or abs(high) * 0.2 or 1) / 4)
    first = math.floor(low / step) * step
    last = math.ceil(high / step) * step
    if low == high:
        first, last = max(first - step, 0.0) if low >= 0 else first - step, last + step
    count = round((last - first) / step)
    ticks = tuple(round(first + index * step, 10) for index in range(count + 1))
    return Axis(low=first, high=last, start=start, end=end, log=False, ticks=ticks)


def _nice(rough: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(rough))
    return next(step * magnitude for step in _STEPS if step * magnitude >= rough * 0.999)


def time_axis(times: Sequence[datetime], start: float, end: float) -> TimeAxis:
    """An axis that holds all `times`, at least one, with some air at both ends."""
    first, last = min(times), max(times)
    air = max((last - first) * 0.04, timedelta(minutes=30))
    first, last = first - air, last + air
    span = next((each for each in _SPANS if (last - first) / each <= 8), _SPANS[-1])
    ticks: list[tuple[datetime, str]] = []
    seconds = span.total_seconds()
    at = datetime.fromtimestamp(math.ceil(first.timestamp() / seconds) * seconds, UTC)
    shown = "%d %b" if span >= timedelta(days=1) else "%d %b %H:%M"
    if span >= timedelta(days=30):
        shown = "%b %Y"
    while at <= last and len(ticks) < 12:
        ticks.append((at, at.strftime(shown).lstrip("0")))
        at += span
    return TimeAxis(first=first, last=last, start=start, end=end, ticks=tuple(ticks))
