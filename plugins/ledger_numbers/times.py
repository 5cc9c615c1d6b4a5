"""Time expressions of one sentence: dates, clock times and spans, joined to ranges and bounds."""

from __future__ import annotations

import datetime as dt

from ledger_numbers.calendar_dates import AHEAD, CalendarDates
from ledger_numbers.clock import clock_time
from ledger_numbers.dates import MONTHS, WEEKDAYS
from ledger_numbers.found import Time
from ledger_numbers.relative import NEAR_DAYS, VAGUE_COUNTS, RelativeTimes
from ledger_numbers.tokens import Tokens
from ledger_numbers.words import SMALL, TENS

__all__ = ["read_times"]

_SINCE = frozenset({"since"})
_UNTIL = frozenset({"until", "till", "by", "through"})
_WHICH = frozenset({"last", "past", "next", "previous", "this", "coming", "recent"})
_POINTS = {"noon": "T12:00", "midday": "T12:00", "midnight": "T00:00"}


def read_times(tokens: Tokens, today: dt.date | None) -> list[Time]:
    """The time expressions of one sentence, in order, resolved against `today`, the local day of publication."""
    found: list[Time] = []
    reader = _Reader(tokens, today)
    at = 0
    while at < len(tokens):
        time = reader.read(at)
        if time is None:
            at += 1
            continue
        found.append(time)
        at = max(time.stop, at + 1)
    return [_bounded(tokens, time) for time in _joined(tokens, found)]


def _bounded(tokens: Tokens, time: Time) -> Time:
    """Turn "since Monday" and "until 3 May" into open spans."""
    if time.kind not in {"instant", "interval"} or not time.start or time.start.startswith("T"):
        return time
    first = time.first - 2 if tokens.at(time.first - 1) == "the" else time.first - 1
    before = tokens.at(first)
    if before in _SINCE:
        return time._replace(first=first, kind="since", end="")
    if before in _UNTIL and time.kind == "instant":
        return time._replace(first=first, kind="until", start="", end=time.start)
    return time


def _joined(tokens: Tokens, found: list[Time]) -> list[Time]:
    """Join a date with its clock time, and the two ends of a range."""
    out: list[Time] = []
    for time in found:
        if out:
            merged = _merge(tokens, out[-1], time)
            if merged is not None:
                out[-1] = merged
                continue
        out.append(time)
    return out


def _merge(tokens: Tokens, left: Time, right: Time) -> Time | None:
    gap = tokens.word[left.stop : right.first]
    if left.kind != "instant" or right.kind != "instant" or not left.start or not right.start or len(gap) > 2:
        return None
    if all(word in {"on", "at", ",", "of", "around", "about"} for word in gap):
        clock, day = (left, right) if left.start.startswith("T") else (right, left)
        if clock.start.startswith("T") and day.precision == "day" and "T" not in day.start:
            return Time(left.first, right.stop, "instant", start=day.start + clock.start, precision="minute")
        return None
    if len(gap) != 1 or left.precision != right.precision or "T" in left.start + right.start:
        return None
    opener = tokens.at(left.first - 1)
    ranged = (opener == "from" and gap[0] in {"to", "until", "till", "through"}) or (
        opener == "between" and gap[0] == "and"
    )
    if not ranged and gap[0] not in {"-", "–", "through"}:
        return None
    if left.start >= right.start:
        return None
    first = left.first - 1 if ranged else left.first
    return Time(first, right.stop, "interval", start=left.start, end=right.start, precision=left.precision)


class _Reader:
    """Asks every reader that knows how an expression may begin."""

    def __init__(self, tokens: Tokens, today: dt.date | None) -> None:
        self.t = tokens
        self.dates = CalendarDates(tokens, today, ahead=any(word in AHEAD for word in tokens.word))
        self.relative = RelativeTimes(tokens, today)

    def read(self, at: int) -> Time | None:
        word = self.t.word[at]
        if self.t.kind[at] == "n":
            return self._number(at)
        if word in WEEKDAYS and self.t.is_capital(at):
            return self.dates.weekday(at)
        if word in MONTHS and self.t.is_capital(at):
            return self.dates.month_first(at)
        if word in _WHICH:
            return self.relative.relative(at)
        if word in NEAR_DAYS:
            return self.relative.near_day(at)
        if word in {"end", "start", "beginning", "middle"}:
            return self.relative.edge(at, self.read)
        if word in _POINTS and self.t.at(at - 1) in {"at", "by", "until", "before", "after", "around"}:
            return Time(at, at + 1, "instant", start=_POINTS[word], precision="minute")
        if word in SMALL or word in TENS or word in {"a", "an", "half"} or word in VAGUE_COUNTS:
            return self.relative.ago(at) or self.relative.lasting(at)
        return None

    def _number(self, at: int) -> Time | None:
        return (
            _clock(self.t, at)
            or self.dates.iso(at)
            or self.dates.day_first(at)
            or self.dates.slashed(at)
            or self.relative.ago(at)
            or self.dates.year(at)
            or self.relative.lasting(at)
        )


def _clock(tokens: Tokens, at: int) -> Time | None:
    """A clock time at token `at`, as a Time without a day."""
    found = clock_time(tokens, at)
    if found is None:
        return None
    text, stop = found
    return Time(at, stop, "instant", start=f"T{text}" if text else "", precision="minute")
