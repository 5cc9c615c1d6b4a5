"""Declared dates: RFC 822 and 2822 with their many abuses, RFC 3339 and ISO 8601, and what people write. A wrong time is worse
than none, so doubt gives None.

Nothing here knows the present. A date without a zone is read as UTC and flagged; a zone name that means several zones
gives no date at all, and neither do numbers that could be a day or a month.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec

from ledger.feeds.almanac import AFTERNOON, FILLERS, FORENOON, MONTHS, WEEKDAYS, ZONES

__all__ = ["Declared", "parse_declared"]

EARLIEST_YEAR = 1990
LATEST_YEAR = 2200
LONGEST = 200
_NO_ZONE, _DAY_ONLY = ("no-zone",), ("day-only",)
_UNIX = re.compile(r"(?:/date\()?(?P<number>\d{9,16})(?:\.\d+)?(?:[+-]\d{4})?(?:\)/)?", re.IGNORECASE)
_UNIX_DIGITS = {9: 1, 10: 1, 13: 1_000, 16: 1_000_000}
_MARKUP = re.compile(r"<[^<>]*>")
_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_NOTE = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]")

_OFFSET = r"[+-]\d{2}:?\d{2}|[+-]\d{1,2}(?![\d:])"
_ISO_ZONE = rf"(?P<zone>z|ut|utc|gmt|{_OFFSET})?"
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"
    r"(?:[t ] ?(?P<hour>\d{2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?)?)?"
    rf" ?{_ISO_ZONE}",
    re.IGNORECASE,
)
_RFC = re.compile(
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun), )?(?P<day>\d{1,2}) (?P<month>[a-z]{3}) (?P<year>\d{4})"
    r" (?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})(?P<fraction>) (?P<zone>[a-z]{1,5}|[+-]\d{4})",
    re.IGNORECASE,
)
_ISO_BASIC = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:[t ]?(?P<hour>\d{2})(?P<minute>\d{2})(?:(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?)?"
    rf" ?{_ISO_ZONE}",
    re.IGNORECASE,
)
_ISO_WEEK = re.compile(
    r"(?P<year>\d{4})(?P<dash>-?)w(?P<week>\d{2})(?P=dash)(?P<weekday>[1-7])(?P<rest>t.*)?", re.IGNORECASE
)
_ISO_ORDINAL = re.compile(r"(?P<year>\d{4})-(?P<day>\d{3})(?P<rest>t.*)?", re.IGNORECASE)

_EASTERN_DATE = re.compile(r"(\d{4})\s*[년年]\s*(\d{1,2})\s*[월月]\s*(\d{1,2})\s*[일日]")
_EASTERN_TIME = re.compile(r"(\d{1,2})\s*[시時时点]\s*(\d{1,2})\s*[분分](?:\s*(\d{1,2})\s*[초秒])?")
_HALF = r"(?:a\.?m\b\.?|p\.?m\b\.?|오전|오후|午前|午後|上午|下午)"
_CLOCK = re.compile(
    rf"(?P<before>{_HALF}\s*)?(?<![\d:.+-])"
    r"(?:(?P<hour>\d{1,2}):(?P<minute>\d{1,2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?)?"
    r"|(?P<h_hour>\d{1,2})\s?h(?:\s?(?P<h_minute>\d{2}))?(?![a-z])"
    r"|(?P<dot_hour>\d{1,2})\.(?P<dot_minute>\d{2})(?:\.(?P<dot_second>\d{2}))?(?!\.?\d)"
    rf"|(?P<half_hour>\d{{1,2}})(?=\s*{_HALF}))"
    rf"(?![\d:])(?P<half>\s*{_HALF})?",
    re.IGNORECASE,
)
_CLOCK_ZONE = re.compile(
    rf"\s*(?P<name>[a-z]{{1,5}}\b|[a-z]{{1,5}}(?=[+-]\d))?\s*(?P<offset>{_OFFSET})?", re.IGNORECASE
)
_WORDS = re.compile(r"[^\s,;|/:·–—@]+")
_JOINTS = re.compile(r"-|(?<=\d)\.(?=\w)|(?<=\d)(?=[^\W\d_]{3})|(?<=[^\W\d_]{3})\.?(?=\d)")
_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er|o|a|e|\.)?")


class Declared(msgspec.Struct, frozen=True, gc=False):
    """A declared instant in its own offset. `flags`: `no-zone` (read as UTC), `day-only` (midnight stands for the day).

    A date in Korean without a zone is read as Korean time, since there is no other; it is flagged too.
    """

    at: datetime
    flags: tuple[str, ...] = ()


class _Time(msgspec.Struct, frozen=True):
    hour: int = 0
    minute: int = 0
    second: int = 0
    micro: int = 0


@functools.lru_cache(1024)
def parse_declared(text: str) -> Declared | None:
    """Read one declared date; None for what is not one, is ambiguous, or lies before 1990."""
    if len(text) > LONGEST:
        return None
    text = _plain(text)
    if unix := _UNIX.fullmatch(text):
        return _unix(text, unix["number"])
    for pattern in (_RFC, _ISO, _ISO_BASIC):
        if match := pattern.fullmatch(text):
            return _standard(match)
    for pattern in (_ISO_WEEK, _ISO_ORDINAL):
        if match := pattern.fullmatch(text):
            day = _counted_day(match)
            rest = match["rest"] or ""
            form = "%Y-%m-%d" if ":" in rest else "%Y%m%d"
            return parse_declared(day.strftime(form) + rest) if day is not None else None
    return _written(text)


def _plain(text: str) -> str:
    """The text as a reader sees it: no markup, one kind of blank, digit, minus and letter."""
    if not text.isascii() or "<" in text or "&" in text:
        text = html.unescape(_MARKUP.sub(" ", text))
        text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text)).replace("\u2212", "-")
    return " ".join(text.split()).strip(" ,;")


def _unix(text: str, digits: str) -> Declared | None:
    """Seconds, milliseconds or microseconds since 1970; None for ten digits that could be year, month, day and hour too."""
    scale = _UNIX_DIGITS.get(len(digits))
    if scale is None:
        match = _ISO_BASIC.fullmatch(text)
        return _standard(match) if match else None
    if len(digits) == 10 and (match := _ISO_BASIC.fullmatch(f"{digits}00")) and _standard(match) is not None:
        return None
    at = datetime.fromtimestamp(int(digits) // scale, UTC)
    return _within(at + timedelta(microseconds=int(digits) % scale * (1_000_000 // scale)), ())


def _standard(match: re.Match[str]) -> Declared | None:
    """What a date in the form of a standard says."""
    found = match.groupdict()
    zone = _zone(found["zone"] or "")
    month = int(found["month"]) if found["month"].isdigit() else MONTHS.get(found["month"].casefold(), 0)
    if zone is None:
        return None
    time = None
    if found["hour"] is None and " " in match[0]:
        return None
    if found["hour"] is not None:
        time = _Time(
            int(found["hour"]),
            int(found["minute"] or 0),
            int(found["second"] or 0),
            _micro(found["fraction"]),
        )
        if found["minute"] is None and not found["zone"]:
            return None
    return _at(int(found["year"]), month, int(found["day"]), time, *zone)


def _counted_day(match: re.Match[str]) -> date | None:
    """The day of an ISO week date or of an ordinal date."""
    year, found = int(match["year"]), match.groupdict()
    try:
        if "week" in found:
            return date.fromisocalendar(year, int(found["week"]), int(found["weekday"]))
        day = date(year, 1, 1) + timedelta(days=int(found["day"]) - 1)
    except (ValueError, OverflowError):
        return None
    return day if day.year == year else None


def _written(text: str) -> Declared | None:
    """A date in words and numbers: at most one clock, its zone, and the three parts of a day in some order; nothing else."""
    korean = "년" in text
    text = _EASTERN_TIME.sub(
        lambda m: ":".join(part for part in m.groups() if part), _EASTERN_DATE.sub(r"\1-\2-\3 ", text)
    )
    text = re.sub(r"(?<=\d)t(?=\d{1,2}:)|(?<=\d{4}):(?=\d{2}:)", " ", text, flags=re.IGNORECASE)
    notes = [(a or b).strip() for a, b in _NOTE.findall(text)]
    text = _NOTE.sub(" ", text)
    clocks = list(_CLOCK.finditer(text))
    if len(clocks) > 1:
        return None
    if not clocks:
        day = _day(_words(text))
        return _at(*day, None, timedelta(), ()) if day is not None and not notes else None
    clock = clocks[0]
    before, after = text[: clock.start()], text[clock.end() :]
    zone, after = _zone_after(after)
    words = _words(before) + _words(after)
    if not zone and words and words[-1].upper() in ZONES:
        zone = words.pop()
    zone = zone or next((note for note in notes if not _says_nothing(note)), "")
    offset = _zone(zone)
    time, day = _time(clock, after), _day(words)
    if offset is None or time is None or day is None:
        return None
    if korean and not zone:
        offset = timedelta(hours=9), _NO_ZONE
    return _at(*day, time, *offset)


def _zone_after(text: str) -> tuple[str, str]:
    """What stands as a zone right behind a clock, and the text behind it."""
    match = _CLOCK_ZONE.match(text)
    if match is None:
        return "", text
    name, offset = match["name"] or "", match["offset"] or ""
    if name and not offset and name.upper() not in ZONES:
        is_word = (
            name.casefold() in MONTHS
            or name.casefold() in WEEKDAYS
            or (len(name) > 1 and name.casefold() in FILLERS)
        )
        return ("", text) if is_word else (name, text[match.end() :])
    after = text[match.end() :]
    if (
        offset
        and (again := re.match(r"\s+([a-z]{1,5})\b", after, re.IGNORECASE))
        and again[1].upper() in ZONES
    ):
        return f"{again[1]}{offset}", after[again.end() :]
    return f"{name}{offset}", after


def _says_nothing(note: str) -> bool:
    """Whether a remark in brackets is only the day of the week."""
    return _bare(note) in WEEKDAYS or not note.isascii()


def _words(text: str) -> list[str]:
    """The words of a date without weekday and fillers. `mar` is Tuesday where there is another month, else March."""
    words = _WORDS.findall(text)
    months = sum(_bare(part) in MONTHS for word in words for part in word.split("-"))
    found: list[str] = []
    for word in words:
        if _bare(word) in WEEKDAYS and (_bare(word) not in MONTHS or months > 1):
            months -= _bare(word) in MONTHS
        else:
            found += [part for part in _JOINTS.split(word) if part]
    return [word for word in found if _bare(word) not in FILLERS and word.strip(".")]


def _bare(word: str) -> str:
    return word.casefold().rstrip(".")


def _time(clock: re.Match[str], after: str) -> _Time | None:
    found = clock.groupdict()

    def part(name: str) -> int:
        return int(
            next(
                (
                    found[f"{kind}{name}"]
                    for kind in ("", "h_", "dot_", "half_")
                    if found.get(f"{kind}{name}")
                ),
                "0",
            )
        )

    hour, half = part("hour"), (found["half"] or found["before"] or "").strip().casefold()
    if half:
        if not 1 <= hour <= 12 or (found["half"] and found["before"]):
            return None
        if half == "am" and re.match(r"\s*\d", after):
            return None
        if half not in FORENOON | AFTERNOON:
            return None
        hour = hour % 12 + (12 if half in AFTERNOON else 0)
    return _Time(hour, part("minute"), part("second"), _micro(found["fraction"]))


def _day(words: list[str]) -> tuple[int, int, int] | None:
    """Year, month and day of three words; None where day and month could be taken for each other."""
    if len(words) != 3:
        return None
    names = [MONTHS.get(_bare(word)) for word in words]
    place = next((number for number, month in enumerate(names) if month is not None), None)
    if place is None:
        return _numeric_day(words)
    month = names[place] or 0
    first, second = (word for number, word in enumerate(words) if number != place)
    if re.fullmatch(r"\d{4}", first) and place == 1:
        first, second = second, first
    day = _DAY.fullmatch(first.casefold())
    year = re.fullmatch(r"\d{4}" if place != 1 else r"\d{4}|\d{2}", second.rstrip("."))
    if day is None or year is None:
        return None
    number = int(year[0])
    return (number if number > 99 else number + (2000 if number < 50 else 1900)), month, int(day[1])


def _numeric_day(words: list[str]) -> tuple[int, int, int] | None:
    if not all(re.fullmatch(r"\d{1,4}", word.rstrip(".")) for word in words):
        return None
    first, second, third = (word.rstrip(".") for word in words)
    if len(first) == 4:
        return int(first), int(second), int(third)
    a, b = int(first), int(second)
    if len(third) != 4 or (a <= 12 and b <= 12 and a != b):
        return None
    return (int(third), b, a) if b <= 12 else (int(third), a, b)


def _at(
    year: int, month: int, day: int, time: _Time | None, offset: timedelta, flags: tuple[str, ...]
) -> Declared | None:
    zone = timezone(offset)
    time, flags = (time, flags) if time is not None else (_Time(), _DAY_ONLY)
    extra = timedelta()
    hour, second = time.hour, time.second
    if second == 60:
        second, extra = 59, timedelta(seconds=1)
    if (hour, time.minute, second, time.micro) == (24, 0, 0, 0):
        hour, extra = 0, timedelta(days=1)
    try:
        at = datetime(year, month, day, hour, time.minute, second, time.micro, zone)
        if time.second == 60 and at.astimezone(UTC).strftime("%H:%M") != "23:59":
            return None
        return _within(at + extra, flags)
    except (ValueError, OverflowError):
        return None


def _within(at: datetime, flags: tuple[str, ...]) -> Declared | None:
    return Declared(at, flags) if EARLIEST_YEAR <= at.year < LATEST_YEAR else None


def _micro(fraction: str | None) -> int:
    return int((fraction or "").ljust(6, "0")[:6])


def _zone(text: str) -> tuple[timedelta, tuple[str, ...]] | None:
    """The offset; None when the name is unknown, ambiguous (IST, single letters), contradicts the offset, or is out of range."""
    text = "".join(text.split()).upper()
    if not text:
        return timedelta(), _NO_ZONE
    match = re.fullmatch(r"([A-Z]*)(?:([+-])(\d{1,2}):?(\d{2})?)?", text)
    if match is None:
        return None
    name, sign, hours, minutes = match.groups()
    known = ZONES.get(name) if name else 0
    if known is None:
        return None
    if sign is None:
        return timedelta(minutes=known), ()
    amount = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if amount > timedelta(hours=14) or int(minutes or 0) > 59:
        return None
    offset = -amount if sign == "-" else amount
    return None if known and offset != timedelta(minutes=known) else (offset, ())
