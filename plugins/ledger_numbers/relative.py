"""Times told from the day of publication, and durations: `yesterday`, `last week`, `three days ago`, `for three weeks`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from ledger_numbers.calendar_dates import PARTS
from ledger_numbers.dates import WEEKDAYS, back, duration_of
from ledger_numbers.found import Time
from ledger_numbers.numerals import as_number, read_numeral
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import TIME_UNITS
from ledger_numbers.words import word_set

__all__ = ["NEAR_DAYS", "VAGUE_COUNTS", "RelativeTimes"]

NEAR_DAYS = {"today": 0, "tonight": 0, "yesterday": 1, "tomorrow": -1, "overnight": 0}
"""Words for a day, and how many days before today it is."""
_LASTING = frozenset({"for", "within", "in", "during", "over", "lasted", "lasting"})
_FILLERS = word_set("""
    just only about around nearly almost under over the less more than at least some
""")
VAGUE_COUNTS = frozenset({"few", "several", "couple", "many"})


class RelativeTimes:
    """The relative times of one sentence, resolved against `today`, the local day of publication."""

    def __init__(self, tokens: Tokens, today: dt.date | None) -> None:
        self.t = tokens
        self.today = today

    def _date(self, first: int, stop: int, day: dt.date | None) -> Time | None:
        if day is None:
            return None
        return Time(first, stop, "instant", start=day.isoformat(), precision="day")

    def near_day(self, at: int) -> Time | None:
        """Such as "yesterday", "tomorrow evening", "overnight"."""
        word = self.t.word[at]
        stop = at + 2 if self.t.at(at + 1) in PARTS and word != "overnight" else at + 1
        if self.today is None:
            return Time(at, stop, "vague", precision="day")
        return self._date(at, stop, back(self.today, NEAR_DAYS[word], "day"))

    def relative(self, at: int) -> Time | None:
        """Such as "last week", "the past three weeks", "this morning", "last night", "next month"."""
        t = self.t
        which = t.word[at]
        unit_at, count, vague, numbers = at + 1, 1, False, False
        if t.at(unit_at) in VAGUE_COUNTS:
            vague, unit_at = True, unit_at + (2 if t.at(unit_at + 1) == "of" else 1)
        else:
            numeral = read_numeral(t, unit_at)
            if numeral is not None and not numeral.letter and 1 <= numeral.value < 10_000:
                count, unit_at, numbers = int(numeral.value), numeral.stop, True
                if count != numeral.value and t.at(unit_at) in TIME_UNITS:
                    return self._about(at, unit_at, as_number(numeral.value))
        form = t.at(unit_at)
        if form in PARTS and which in {"this", "last"} and not numbers and not vague:
            if self.today is None:
                return Time(at, unit_at + 1, "vague", precision="day")
            days = 1 if which == "last" else 0
            return self._date(at, unit_at + 1, back(self.today, days, "day"))
        if form == "weekend" and not numbers and not vague:
            return self._weekend(at, unit_at + 1, which)
        if (
            form in WEEKDAYS
            or form not in TIME_UNITS
            or not TIME_UNITS[form][1]
            or form in {"sec", "second", "min"}
        ):
            return None
        unit = TIME_UNITS[form][0]
        if vague:
            return Time(at, unit_at + 1, "vague", precision=unit)
        if self.today is None:
            return Time(
                at,
                unit_at + 1,
                "vague",
                duration=duration_of(count, form) if numbers else "",
                precision=unit,
                numbers=numbers,
            )
        if not numbers:
            return self._unit_near(at, unit_at + 1, which, unit)
        forward = which in {"next", "coming"}
        edge = back(self.today, -count if forward else count, unit)
        start, end = (self.today, edge) if forward else (edge, self.today)
        return Time(
            at,
            unit_at + 1,
            "interval",
            start.isoformat(),
            end.isoformat(),
            duration_of(count, form),
            "day",
            numbers=True,
        )

    def _about(self, at: int, unit_at: int, count: float) -> Time:
        """Such as "the last two and a half years": no day of the calendar."""
        form = self.t.at(unit_at)
        duration = duration_of(count, form) if TIME_UNITS[form][1] else ""
        return Time(at, unit_at + 1, "vague", duration=duration, precision=TIME_UNITS[form][0], numbers=True)

    def _unit_near(self, first: int, stop: int, which: str, unit: str) -> Time | None:
        assert self.today is not None
        shift = {"last": 1, "past": 1, "previous": 1, "next": -1, "coming": -1, "this": 0}.get(which)
        if shift is None:
            return None
        day = back(self.today, shift, unit)
        if unit == "year":
            return Time(first, stop, "instant", start=f"{day.year:04}", precision="year")
        if unit == "month":
            return Time(first, stop, "instant", start=f"{day.year:04}-{day.month:02}", precision="month")
        if unit == "week":
            monday = day - dt.timedelta(days=day.weekday())
            sunday = monday + dt.timedelta(days=6)
            return Time(first, stop, "interval", monday.isoformat(), sunday.isoformat(), precision="day")
        return Time(first, stop, "vague", precision=unit)

    def _weekend(self, first: int, stop: int, which: str) -> Time:
        if self.today is None or which not in {"last", "past", "previous", "this", "next", "coming"}:
            return Time(first, stop, "vague", precision="day")
        saturday = self.today - dt.timedelta(days=(self.today.weekday() - 5) % 7)
        ended = saturday + dt.timedelta(days=1) < self.today
        if which in {"last", "past", "previous"} and not ended:
            saturday -= dt.timedelta(days=7)
        elif which in {"this", "next", "coming"} and (ended or which != "this"):
            saturday += dt.timedelta(days=7)
        sunday = saturday + dt.timedelta(days=1)
        return Time(first, stop, "interval", saturday.isoformat(), sunday.isoformat(), precision="day")

    def edge(self, at: int, read: Callable[[int], Time | None]) -> Time | None:
        """Such as "the end of March", "the start of 2031", "the end of the year"."""
        t = self.t
        if t.at(at + 1) != "of":
            return None
        late = t.word[at] == "end"
        inner = (
            read(at + 2)
            if at + 2 < len(t) and t.at(at + 2) not in {"end", "start", "beginning", "middle"}
            else None
        )
        if inner is not None and inner.kind == "instant" and inner.precision in {"month", "year"}:
            start = inner.start
            if t.word[at] == "middle":
                return inner._replace(first=at)
            return Time(at, inner.stop, "instant", start=_edge_day(start, late=late), precision="day")
        unit = t.at(at + 3) if t.at(at + 2) in {"the", "this"} else ""
        if unit in {"year", "month"} and self.today is not None and t.word[at] != "middle":
            period = (
                f"{self.today.year:04}" if unit == "year" else f"{self.today.year:04}-{self.today.month:02}"
            )
            return Time(at, at + 4, "instant", start=_edge_day(period, late=late), precision="day")
        return None

    def ago(self, at: int) -> Time | None:
        """Such as "three days ago", "a week earlier", "two years ago"."""
        t = self.t
        word = t.word[at]
        if word in {"a", "an"} and t.at(at + 1) in TIME_UNITS and t.at(at + 2) == "ago":
            count, unit_at, numbers = 1, at + 1, False
        elif word in VAGUE_COUNTS and t.at(at + 1) in TIME_UNITS and t.at(at + 2) == "ago":
            return Time(at, at + 3, "vague", precision=TIME_UNITS[t.at(at + 1)][0])
        else:
            numeral = read_numeral(t, at)
            if numeral is None or t.at(numeral.stop + 1) != "ago" or t.at(numeral.stop) not in TIME_UNITS:
                return None
            count, unit_at, numbers = int(numeral.value), numeral.stop, True
        unit, code = TIME_UNITS[t.at(unit_at)]
        if not code or self.today is None or count > 5000:
            return Time(at, unit_at + 2, "vague", precision=unit, numbers=numbers)
        day = back(self.today, count, unit)
        text, precision = day.isoformat(), "day"
        if unit in {"year", "decade", "century"}:
            text, precision = text[:4], "year"
        elif unit == "month":
            text, precision = text[:7], "month"
        return Time(at, unit_at + 2, "instant", start=text, precision=precision, numbers=numbers)

    def lasting(self, at: int) -> Time | None:
        """Such as "for three weeks", "in just three months": a duration after a preposition of lasting."""
        t = self.t
        before = at - 1
        while t.at(before) in _FILLERS and at - before < 4:
            before -= 1
        if t.at(before) not in _LASTING:
            return None
        numeral = read_numeral(t, at)
        if numeral is None:
            return None
        unit_at = numeral.stop + 1 if t.at(numeral.stop) == "-" else numeral.stop
        form = t.at(unit_at)
        if (
            form not in TIME_UNITS
            or not TIME_UNITS[form][1]
            or t.at(unit_at + 1) in {"old", "ago", "-", "earlier", "later"}
        ):
            return None
        duration = duration_of(as_number(numeral.value), form)
        return Time(
            at, unit_at + 1, "duration", duration=duration, precision=TIME_UNITS[form][0], numbers=True
        )


def _edge_day(period: str, *, late: bool) -> str:
    year = int(period[:4])
    month = int(period[5:7]) if len(period) > 4 else (12 if late else 1)
    if not late:
        return f"{year:04}-{month:02}-01"
    following = dt.date(year + month // 12, month % 12 + 1, 1) if year < 9999 else dt.date(year, 12, 31)
    return (following - dt.timedelta(days=1)).isoformat()
