"""Calendar arithmetic: what a weekday, a month or "three weeks" means for an article published on a given local day."""

from __future__ import annotations

import calendar
import datetime as dt

from ledger_numbers.units import TIME_UNITS

__all__ = ["MONTHS", "WEEKDAYS", "back", "day_of", "duration_of", "month_of", "weekday_of"]

_MONTH_NAMES = "january february march april may june july august september october november december"
MONTHS: dict[str, int] = {name: number for number, name in enumerate(_MONTH_NAMES.split(" "), 1)}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}

_DAY_NAMES = "monday tuesday wednesday thursday friday saturday sunday"
WEEKDAYS: dict[str, int] = {name: number for number, name in enumerate(_DAY_NAMES.split(" "))}
WEEKDAYS |= {"mon": 0, "tue": 1, "tues": 1, "wed": 2, "thu": 3, "thur": 3, "thurs": 3, "fri": 4}


def weekday_of(today: dt.date, weekday: int, *, which: str = "") -> dt.date:
    """The day that a weekday names in a text of `today`: today or the most recent one.

    `which`: `last` excludes today, `next` is the first one after today.
    """
    behind = (today.weekday() - weekday) % 7
    if which == "next":
        return today + dt.timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if which == "last" and behind == 0:
        behind = 7
    return today - dt.timedelta(days=behind)


def month_of(today: dt.date, month: int, *, future: bool) -> int:
    """The year of a month named without one: the most recent such month, or the coming one where the text looks ahead."""
    if future:
        return today.year if month >= today.month else today.year + 1
    return today.year if month <= today.month else today.year - 1


def day_of(year: int, month: int, day: int) -> dt.date | None:
    """The date, or None where the calendar has no such day."""
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def back(today: dt.date, count: int, unit: str) -> dt.date:
    """The day `count` units before `today` (after it when `count` is negative); a month keeps the day where it can."""
    if unit in {"day", "night"}:
        return today - dt.timedelta(days=count)
    if unit in {"week", "fortnight"}:
        return today - dt.timedelta(days=7 * count * (2 if unit == "fortnight" else 1))
    if unit in {"hour", "minute", "second"}:
        return today - dt.timedelta(days=count // {"hour": 24, "minute": 1440, "second": 86400}[unit])
    months = count * {"month": 1, "year": 12, "decade": 120, "century": 1200}.get(unit, 12)
    index = today.year * 12 + today.month - 1 - months
    year, month = divmod(index, 12)
    if not 1 <= year <= 9999:
        return today
    return dt.date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


def duration_of(count: float, form: str) -> str:
    """ISO 8601 duration of `count` of the time unit written as `form`: `P3W`, `PT36H`."""
    code = TIME_UNITS[form][1]
    if code.startswith("T"):
        return f"PT{count}{code[1:]}"
    factor = {"0Y": 10, "00Y": 100, "000Y": 1000, "2W": 2}.get(code, 1)
    value = count * factor
    return f"P{int(value) if value == int(value) else value}{code.lstrip('02')}"
