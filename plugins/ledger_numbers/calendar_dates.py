"""Dates of the calendar: `3 May 2031`, `Aug. 3-5`, `2031-05-03`, `last Sunday`, `in March`, `1990s`."""

from __future__ import annotations

import datetime as dt

from ledger_numbers.dates import MONTHS, WEEKDAYS, day_of, month_of, weekday_of
from ledger_numbers.found import Time
from ledger_numbers.tokens import Tokens
from ledger_numbers.units import TIME_UNITS
from ledger_numbers.words import word_set

__all__ = ["AHEAD", "PARTS", "CalendarDates"]

PARTS = frozenset({"morning", "afternoon", "evening", "night"})
"""Parts of a day."""
AHEAD = word_set("""
    will would shall expected scheduled due planned plans next upcoming coming forthcoming
""")
"""Words that say that the sentence looks ahead."""
_MONTH_LEFT = word_set("""
    in of since until till by last next this early late mid from between during before after to through
    for and
""")
_YEAR_LEFT = word_set("""
    in since until till by of from between during before after to through late early mid around year and
    for the summer winter spring autumn fall back circa
""")
_ORDINAL_ENDS = frozenset({"st", "nd", "rd", "th"})


class CalendarDates:
    """The dates of one sentence, resolved against `today`, the local day of publication; `ahead` if it looks forward."""

    def __init__(self, tokens: Tokens, today: dt.date | None, *, ahead: bool) -> None:
        self.t = tokens
        self.today = today
        self.ahead = ahead

    def _date(self, first: int, stop: int, day: dt.date | None) -> Time | None:
        if day is None:
            return None
        return Time(first, stop, "instant", start=day.isoformat(), precision="day")

    def iso(self, at: int) -> Time | None:
        """Such as "2031-05-03"."""
        t = self.t
        if not (t.at(at + 1) == "-" and t.at(at + 3) == "-" and t.is_number(at + 2) and t.is_number(at + 4)):
            return None
        year, month, day = t.at(at), t.at(at + 2), t.at(at + 4)
        if not (len(year) == 4 and len(month) == len(day) == 2 and (year + month + day).isdigit()):
            return None
        return self._date(at, at + 5, day_of(int(year), int(month), int(day)))

    def slashed(self, at: int) -> Time | None:
        """Such as "13/5/2031"; vague where day and month cannot be told apart."""
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

    def day_first(self, at: int) -> Time | None:
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

    def month_first(self, at: int) -> Time | None:
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

    def weekday(self, at: int) -> Time | None:
        """Such as "Sunday", "last Sunday", "Sunday, May 4", "Monday evening"."""
        after = at + 2 if self.t.at(at + 1) == "." else at + 1
        comma = after + 1 if self.t.at(after) == "," else after
        dated = None
        if self._month_at(comma):
            dated = self.month_first(comma)
        elif self.t.is_number(comma):
            dated = self.day_first(comma)
        if dated is not None and dated.precision == "day":
            return dated._replace(first=at)
        which = self.t.at(at - 1) if self.t.at(at - 1) in {"last", "next", "this", "previous", "past"} else ""
        first = at - 1 if which else at
        stop = after + 1 if self.t.at(after) in PARTS else at + 1
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
        return any(word in AHEAD for word in near) and "said" not in near

    def year(self, at: int) -> Time | None:
        """Such as "in 2031", "the 1990s", "2029-31", and not a count of four digits."""
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
