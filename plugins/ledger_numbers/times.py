"""Time expressions: dates, weekdays, years, clock times, and spans relative to the publication day."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from ledger_numbers.clock import clock_time
from ledger_numbers.dates import MONTHS, WEEKDAYS, back, day_of, duration_of, month_of, weekday_of
from ledger_numbers.numerals import as_number, read_numeral
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import TIME_UNITS
from ledger_numbers.words import SMALL, TENS, word_set

__all__ = ["Time", "read_times"]


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


_PARTS = frozenset({"morning", "afternoon", "evening", "night"})
_RELATIVE = {"today": 0, "tonight": 0, "yesterday": 1, "tomorrow": -1}
_AHEAD = word_set("""
    will would shall expected scheduled due planned plans next upcoming coming forthcoming
""")
_MONTH_LEFT = word_set("""
    in of since until till by last next this early late mid from between during before after to through
    for and
""")
_YEAR_LEFT = word_set("""
    in since until till by of from between during before after to through late early mid around year and
    for the summer winter spring autumn fall back circa
""")
_LASTING = frozenset({"for", "within", "in", "during", "over", "lasted", "lasting"})
_FILLERS = word_set("""
    just only about around nearly almost under over the less more than at least some
""")
_VAGUE_COUNTS = frozenset({"few", "several", "couple", "many"})
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})
_SINCE = frozenset({"since"})
_UNTIL = frozenset({"until", "till", "by", "through"})


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
    def __init__(self, tokens: Tokens, today: dt.date | None) -> None:
        self.t = tokens
        self.today = today
        self.ahead = any(word in _AHEAD for word in tokens.word)

    def read(self, at: int) -> Time | None:
        word = self.t.word[at]
        if self.t.kind[at] == "n":
            return (
                clock_time_at(self.t, at)
                or self._iso(at)
                or self._day_first(at)
                or self._slashed(at)
                or self._ago(at)
                or self._year(at)
                or self._lasting(at)
            )
        if word in WEEKDAYS and self.t.is_capital(at):
            return self._weekday(at)
        if word in MONTHS and self.t.is_capital(at):
            return self._month_first(at)
        if word in {"last", "past", "next", "previous", "this", "coming", "recent"}:
            return self._relative(at)
        if word in _RELATIVE or word == "overnight":
            return self._near_day(at)
        if word in {"end", "start", "beginning", "middle"}:
            return self._edge(at)
        if word in {"noon", "midnight", "midday"} and self.t.at(at - 1) in {
            "at",
            "by",
            "until",
            "before",
            "after",
            "around",
        }:
            return Time(
                at, at + 1, "instant", start="T00:00" if word == "midnight" else "T12:00", precision="minute"
            )
        if word in SMALL or word in TENS or word in {"a", "an", "half"} or word in _VAGUE_COUNTS:
            return self._ago(at) or self._lasting(at)
        return None

    def _date(self, first: int, stop: int, day: dt.date | None) -> Time | None:
        if day is None:
            return None
        return Time(first, stop, "instant", start=day.isoformat(), precision="day")

    def _iso(self, at: int) -> Time | None:
        t = self.t
        if not (t.at(at + 1) == "-" and t.at(at + 3) == "-" and t.is_number(at + 2) and t.is_number(at + 4)):
            return None
        year, month, day = t.at(at), t.at(at + 2), t.at(at + 4)
        if not (len(year) == 4 and len(month) == len(day) == 2 and (year + month + day).isdigit()):
            return None
        return self._date(at, at + 5, day_of(int(year), int(month), int(day)))

    def _slashed(self, at: int) -> Time | None:
        t = self.t
        if not (t.at(at + 1) == "/" and t.at(at + 3) == "/" and t.is_number(at + 2) and t.is_number(at + 4)):
            return None
        parts = (t.at(at), t.at(at + 2), t.at(at + 4))
        if not all(part.isdigit() and len(part) <= 4 for part in parts):
            return None
        one, two, year = map(int, parts)
        if year < 100:
            year += 2000
        if one <= 12 and two <= 12 and one != two:
            return Time(at, at + 5, "vague", precision="day")
        day, month = (one, two) if one > 12 else (two, one)
        return self._date(at, at + 5, day_of(year, month, day)) or Time(at, at + 5, "vague", precision="day")

    def _day_number(self, at: int) -> tuple[int, int]:
        """The day of the month at token `at` and the token after it; (0, at) if there is none."""
        word = self.t.at(at)
        if not self.t.is_number(at) or not word.isdigit() or not 1 <= int(word) <= 31:
            return 0, at
        if self.t.glued(at) and self.t.at(at + 1) in _ORDINAL_ENDS:
            return int(word), at + 2
        if self.t.glued(at) and self.t.is_word(at + 1):
            return 0, at
        return int(word), at + 1

    def _year_number(self, at: int) -> tuple[int, int]:
        if self.t.at(at) in {",", "of"}:
            at += 1
        word = self.t.at(at)
        if len(word) == 4 and word.isdigit() and 1000 <= int(word) <= 2199:
            return int(word), at + 1
        return 0, at

    def _dated(self, first: int, stop: int, day: int, month: int, end_day: int = 0) -> Time | None:
        year, after = self._year_number(stop)
        if not year:
            if self.today is None:
                return Time(first, stop, "vague", precision="day")
            year = month_of(self.today, month, future=self.ahead)
            if not self.ahead and month == self.today.month and day > self.today.day + 1:
                year = year if self._by(first) else year - 1
            after = stop
        start = day_of(year, month, day)
        if start is None:
            return None
        if end_day > day:
            end = day_of(year, month, end_day)
            if end is not None:
                return Time(
                    first, after, "interval", start=start.isoformat(), end=end.isoformat(), precision="day"
                )
        return Time(first, after, "instant", start=start.isoformat(), precision="day")

    def _by(self, first: int) -> bool:
        return self.t.at(first - 1) in {"by", "until", "till", "before"}

    def _day_first(self, at: int) -> Time | None:
        """Such as "3 May", "3rd of May 2031", "3-5 May", "3 to 5 May"."""
        day, after = self._day_number(at)
        if not day:
            return None
        end_day = 0
        if self.t.at(after) in {"-", "–", "to", "and"}:
            second, past = self._day_number(after + 1)
            if second and self._month_at(past):
                end_day, after = second, past
        if self.t.at(after) == "of":
            after += 1
        month = self._month_at(after)
        if not month:
            return None
        stop = self._after_month(after)
        if self.t.at(after - 1) == "and":
            end_day = 0
        return self._dated(at, stop, day, month, end_day)

    def _after_month(self, at: int) -> int:
        """The token after a month and the stop of its abbreviation; the stop of the sentence is not taken."""
        abbreviated = len(self.t.word[at]) <= 4 and self.t.word[at] not in {"may", "june", "july"}
        return at + 2 if abbreviated and self.t.at(at + 1) == "." and at + 2 < len(self.t) else at + 1

    def _month_at(self, at: int) -> int:
        return MONTHS.get(self.t.at(at), 0) if self.t.is_capital(at) else 0

    def _month_first(self, at: int) -> Time | None:
        """Such as "May 3", "Aug. 3-5, 2031", "May 2031", "in March"."""
        month = MONTHS[self.t.word[at]]
        after = self._after_month(at)
        day, past = self._day_number(after)
        if day and not (self.t.is_word(past) and self.t.at(past) in {"people", "percent"}):
            end_day = 0
            if self.t.at(past) in {"-", "–", "to"}:
                second, beyond = self._day_number(past + 1)
                if second > day:
                    end_day, past = second, beyond
            return self._dated(at, past, day, month, end_day)
        year, past = self._year_number(after)
        first = at - 1 if self.t.at(at - 1) in {"early", "late", "mid", "last", "next"} else at
        if year:
            return Time(first, past, "instant", start=f"{year:04}-{month:02}", precision="month")
        if self.t.at(at - 1) not in _MONTH_LEFT and not (
            self.t.at(at - 1) == "-" and self.t.at(at - 2) == "mid"
        ):
            return None
        if self.t.is_capital(at + 1) and self.t.at(at - 1) not in {"in", "since", "last", "next"}:
            return None
        if self.today is None:
            return Time(first, at + 1, "vague", precision="month")
        year = month_of(self.today, month, future=self.ahead or self.t.at(at - 1) == "next")
        if self.t.at(at - 1) == "last" and month == self.today.month:
            year -= 1
        return Time(first, at + 1, "instant", start=f"{year:04}-{month:02}", precision="month")

    def _weekday(self, at: int) -> Time | None:
        """Such as "Sunday", "last Sunday", "Sunday, May 4", "Monday evening"."""
        after = at + 2 if self.t.at(at + 1) == "." else at + 1
        comma = after + 1 if self.t.at(after) == "," else after
        dated = None
        if self._month_at(comma):
            dated = self._month_first(comma)
        elif self.t.is_number(comma):
            dated = self._day_first(comma)
        if dated is not None and dated.precision == "day":
            return dated._replace(first=at)
        which = self.t.at(at - 1) if self.t.at(at - 1) in {"last", "next", "this", "previous", "past"} else ""
        first = at - 1 if which else at
        stop = after + 1 if self.t.at(after) in _PARTS else at + 1
        if self.today is None:
            return Time(first, stop, "vague", precision="day")
        which = (
            "next"
            if which == "next" or (self.ahead and which != "last" and self._scheduled(first))
            else which
        )
        day = weekday_of(
            self.today, WEEKDAYS[self.t.word[at]], which="last" if which in {"previous", "past"} else which
        )
        return self._date(first, stop, day)

    def _scheduled(self, first: int) -> bool:
        near = self.t.word[max(0, first - 8) : first]
        return any(word in _AHEAD for word in near) and "said" not in near

    def _near_day(self, at: int) -> Time | None:
        word = self.t.word[at]
        stop = at + 2 if self.t.at(at + 1) in _PARTS and word in _RELATIVE else at + 1
        if self.today is None:
            return Time(at, stop, "vague", precision="day")
        return self._date(at, stop, back(self.today, _RELATIVE.get(word, 0), "day"))

    def _relative(self, at: int) -> Time | None:
        """Such as "last week", "the past three weeks", "this morning", "last night", "next month"."""
        t = self.t
        which = t.word[at]
        unit_at, count, vague, numbers = at + 1, 1, False, False
        if t.at(unit_at) in _VAGUE_COUNTS:
            vague, unit_at = True, unit_at + (2 if t.at(unit_at + 1) == "of" else 1)
        else:
            numeral = read_numeral(t, unit_at)
            if numeral is not None and not numeral.letter and 0 < numeral.value < 10_000:
                count, unit_at, numbers = int(numeral.value), numeral.stop, True
        form = t.at(unit_at)
        if form in _PARTS and which in {"this", "last"} and not numbers and not vague:
            if self.today is None:
                return Time(at, unit_at + 1, "vague", precision="day")
            days = 1 if which == "last" else 0
            return self._date(at, unit_at + 1, back(self.today, days, "day"))
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

    def _edge(self, at: int) -> Time | None:
        """Such as "the end of March", "the start of 2031", "the end of the year"."""
        t = self.t
        if t.at(at + 1) != "of":
            return None
        late = t.word[at] == "end"
        inner = (
            self.read(at + 2)
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

    def _ago(self, at: int) -> Time | None:
        """Such as "three days ago", "a week earlier", "two years ago"."""
        t = self.t
        word = t.word[at]
        if word in {"a", "an"} and t.at(at + 1) in TIME_UNITS and t.at(at + 2) == "ago":
            count, unit_at, numbers = 1, at + 1, False
        elif word in _VAGUE_COUNTS and t.at(at + 1) in TIME_UNITS and t.at(at + 2) == "ago":
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

    def _lasting(self, at: int) -> Time | None:
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

    def _year(self, at: int) -> Time | None:
        t = self.t
        word = t.word[at]
        if len(word) != 4 or not word.isdigit() or not 1000 <= int(word) <= 2199:
            return None
        if t.glued(at - 1) and t.at(at - 1) not in {"(", "-", "–", "/", '"', "“", "["}:
            return None
        if t.glued(at) and t.is_word(at + 1):
            if t.at(at + 1) != "s" or word[3] != "0":
                return None
            return Time(at, at + 2, "interval", start=word, end=f"{int(word) + 9:04}", precision="year")
        if t.glued(at) and t.at(at + 1) in {"'", "’"} and t.at(at + 2) == "s":
            return None
        tail = t.at(at + 2)
        if t.at(at + 1) in {"-", "–", "/"} and t.is_number(at + 2) and tail.isdigit() and len(tail) in {2, 4}:
            end = int(tail) if len(tail) == 4 else int(word[:2] + tail)
            if int(word) < end <= 2199 and end - int(word) < 200:
                return Time(at, at + 3, "interval", start=word, end=f"{end:04}", precision="year")
        before = t.at(at - 1)
        if before in _YEAR_LEFT or before in {"(", "["} or t.at(at - 2) in MONTHS:
            following = t.at(at + 1)
            if before in {"in", "since", "during", "late", "early", "mid", "year", "(", "["} or not _counts(
                t, at + 1
            ):
                return Time(at, at + 1, "instant", start=word, precision="year") if following != "%" else None
            return None
        if before in {"-", "–"} and t.at(at - 2) == "mid":
            return Time(at, at + 1, "instant", start=word, precision="year")
        if (
            1900 <= int(word) <= 2099
            and not _counts(t, at + 1)
            and (t.is_word(at + 1) or before in {"", ",", "'s"})
        ):
            return Time(at, at + 1, "instant", start=word, precision="year")
        return None


def clock_time_at(tokens: Tokens, at: int) -> Time | None:
    """A clock time at token `at`, as a Time without a day."""
    found = clock_time(tokens, at)
    if found is None:
        return None
    text, stop = found
    return Time(at, stop, "instant", start=f"T{text}" if text else "", precision="minute")


def _counts(tokens: Tokens, at: int) -> bool:
    """Whether the word after a four-digit number is something that may be counted or measured."""
    word = tokens.at(at)
    if word in {"%", "percent", "per", "million", "billion", "thousand", "hundred"} or word in TIME_UNITS:
        return True
    plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s"))
    irregular = word in {
        "people",
        "men",
        "women",
        "children",
        "troops",
        "police",
        "more",
        "other",
        "of",
        "km",
        "kg",
        "m",
        "tonnes",
    }
    return irregular or (plural and not tokens.is_capital(at))


def _edge_day(period: str, *, late: bool) -> str:
    year = int(period[:4])
    month = int(period[5:7]) if len(period) > 4 else (12 if late else 1)
    if not late:
        return f"{year:04}-{month:02}-01"
    following = dt.date(year + month // 12, month % 12 + 1, 1) if year < 9999 else dt.date(year, 12, 31)
    return (following - dt.timedelta(days=1)).isoformat()
