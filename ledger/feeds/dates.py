"""Declared dates: RFC 822 with its many abuses and ISO 8601. A wrong time is worse than none, so doubt gives None.

Nothing here knows the present. A date without a zone is read as UTC and flagged; a zone name that means several zones
gives no date at all.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec

__all__ = ["Declared", "parse_declared"]

EARLIEST_YEAR = 1990
LATEST_YEAR = 2200
_UNIX_SECONDS = re.compile(r"[0-9]{9,10}(?:\.[0-9]+)?")
_UNIX_MILLISECONDS = re.compile(r"[0-9]{13}")

_ZONE_MINUTES = {
    "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "MET": 60,
    "MEST": 120, "MEZ": 60, "MESZ": 120, "EET": 120, "EEST": 180, "MSK": 180, "MSD": 240, "TRT": 180, "SAST": 120,
    "CAT": 120, "EAT": 180, "WAT": 60, "IRST": 210, "PKT": 300, "NPT": 345, "ICT": 420, "WIB": 420, "WITA": 480,
    "WITS": 480, "HKT": 480, "SGT": 480, "PHT": 480, "AWST": 480, "JST": 540, "KST": 540, "ACST": 570, "ACDT": 630,
    "AEST": 600, "AEDT": 660, "NZST": 720, "NZDT": 780, "NST": -210, "NDT": -150, "ADT": -180, "ART": -180,
    "BRT": -180, "BRST": -120, "CLT": -240, "COT": -300, "PET": -300, "EST": -300, "EDT": -240, "CST": -360,
    "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600,
}  # fmt: skip

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_WEEKDAYS = "mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday"

_TIME = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{1,2})(?:[.,](?P<fraction>\d+))?)?\s*(?P<half>[ap]\.?m\.?)?"
_ZONE = r"(?P<zone>(?:[a-z]{1,5})?\s*[+-]\s*\d{1,2}(?::?\d{2})?|[a-z]{1,5})?(?:\s*\([^)]*\))?"
_RFC = re.compile(
    rf"(?:(?:{_WEEKDAYS})\.?\s*,?\s*)?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s-]+(?P<month>[a-z]{{3,9}})\.?,?[\s-]+"
    rf"(?P<year>\d{{4}}|\d{{2}})(?:\s*,?\s+(?:at\s+)?{_TIME})?\s*{_ZONE}",
    re.IGNORECASE,
)
_AMERICAN = re.compile(
    rf"(?:(?:{_WEEKDAYS})\.?\s*,?\s*)?(?P<month>[a-z]{{3,9}})\.?\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
    rf"(?P<year>\d{{4}})(?:\s*,?\s+(?:at\s+)?{_TIME})?\s*{_ZONE}",
    re.IGNORECASE,
)
_ASCTIME = re.compile(
    rf"(?:{_WEEKDAYS}),?\s+(?P<month>[a-z]{{3,9}})\s+(?P<day>\d{{1,2}})\s+{_TIME}\s+{_ZONE}\s*(?P<year>\d{{4}})",
    re.IGNORECASE,
)
_ISO = re.compile(
    r"(?P<year>\d{4})(?P<dash>[-/.]?)(?P<month>\d{2})(?P=dash)(?P<day>\d{2})"
    rf"(?:(?:t|\s+|t\s+){_TIME}\s*{_ZONE})?",
    re.IGNORECASE,
)
_ISO_BASIC = re.compile(
    r"(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})t?\s*(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?"
    r"(?:[.,](?P<fraction>\d+))?\s*(?P<zone>z|[+-]\d{2}(?::?\d{2})?)?",
    re.IGNORECASE,
)


class Declared(msgspec.Struct, frozen=True):
    """A declared instant in its own offset. `flags`: `no-zone` (read as UTC), `day-only` (midnight stands for the day)."""

    at: datetime
    flags: tuple[str, ...] = ()


@functools.lru_cache(1024)
def parse_declared(text: str) -> Declared | None:
    """Read one declared date; None for what is not one, is ambiguous, or lies before 1990."""
    text = " ".join(text.split())
    if not text or len(text) > 100 or not text.isascii():
        return None
    if _UNIX_SECONDS.fullmatch(text):
        return _within(datetime.fromtimestamp(float(text), UTC), ())
    if _UNIX_MILLISECONDS.fullmatch(text):
        return _within(datetime.fromtimestamp(int(text) / 1000, UTC), ())
    for pattern in (_ISO, _RFC, _ISO_BASIC, _AMERICAN, _ASCTIME):
        if match := pattern.fullmatch(text):
            return _build({k: v for k, v in match.groupdict().items() if v is not None})
    return None


def _build(found: dict[str, str]) -> Declared | None:
    month = _month(found["month"])
    zone = _zone(found.get("zone", ""))
    if month is None or zone is None:
        return None
    offset, flags = zone
    year = int(found["year"])
    if len(found["year"]) == 2:
        year += 2000 if year < 50 else 1900
    hour, minute, second = (int(found.get(part, "0")) for part in ("hour", "minute", "second"))
    if half := found.get("half", "").lower()[:1]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    micro = int((found.get("fraction", "") + "000000")[:6])
    extra = timedelta()
    if second == 60:
        second, extra = 59, timedelta(seconds=1)
    if (hour, minute, second, micro) == (24, 0, 0, 0):
        hour, extra = 0, timedelta(days=1)
    if "hour" not in found:
        flags = ("day-only",)
    try:
        at = datetime(year, month, int(found["day"]), hour, minute, second, micro, timezone(offset)) + extra
    except (ValueError, OverflowError):
        return None
    return _within(at, flags)


def _within(at: datetime, flags: tuple[str, ...]) -> Declared | None:
    return Declared(at, flags) if EARLIEST_YEAR <= at.year < LATEST_YEAR else None


def _month(text: str) -> int | None:
    if text.isdigit():
        return int(text)
    return _MONTHS.get(text.lower())


def _zone(text: str) -> tuple[timedelta, tuple[str, ...]] | None:
    """The offset; None when the name is unknown, ambiguous (IST, single letters) or out of range."""
    text = "".join(text.split()).upper()
    if not text:
        return timedelta(), ("no-zone",)
    match = re.fullmatch(r"([A-Z]*)(?:([+-])(\d{1,2}):?(\d{2})?)?", text)
    if match is None:
        return None
    name, sign, hours, minutes = match.groups()
    if sign is None:
        known = _ZONE_MINUTES.get(name)
        return None if known is None else (timedelta(minutes=known), ())
    if name and _ZONE_MINUTES.get(name) != 0:
        return None
    amount = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if amount > timedelta(hours=14) or int(minutes or 0) > 59:
        return None
    return (-amount if sign == "-" else amount), ()
