"""The two clocks of an address: what had been recorded by `at`, counting what was published by `published`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec

from ledger.clock import format_time, parse_time

__all__ = ["NOW", "Moment", "read_moment"]

_FIRST, _LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)
"""Moments beyond these are taken for these: nothing lies there, and a day before or after them is a time still."""
_NAIVE = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?")


class Moment(msgspec.Struct, frozen=True):
    """An instant on each clock; None means now."""

    recorded: datetime | None = None
    published: datetime | None = None

    @property
    def is_past(self) -> bool:
        """Whether either clock is set back."""
        return self.recorded is not None or self.published is not None

    def recorded_by(self, at: datetime) -> Moment:
        """The same moment of publishing, with another one of recording."""
        return Moment(at, self.published)

    def parameters(self) -> dict[str, str]:
        """The moment as query parameters; none for now."""
        given = {"at": self.recorded, "published": self.published}
        return {name: format_time(value) for name, value in given.items() if value is not None}

    def link(self, path: str, **others: str | int | list[str] | None) -> str:
        """`path` with this moment, and other parameters that have a value; a list gives its parameter several times."""
        given = {name: value for name, value in others.items() if value not in (None, "")}
        query = urlencode({**given, **self.parameters()}, doseq=True, safe=":")
        base, mark, anchor = path.partition("#")
        return f"{base}{'?' if query else ''}{query}{mark}{anchor}"


NOW = Moment()


def read_moment(at: str | None, published: str | None) -> Moment:
    """The moment that two query parameters give. Raises UsageError for what is no time.

    A time without a zone is UTC, as all times on the pages are.
    """
    return Moment(_instant(at), _instant(published))


def _instant(value: str | None) -> datetime | None:
    if value is None or not value.strip():
        return None
    text = value.strip().replace(" ", "+") if re.search(r"\d \d{2}:\d{2}$", value) else value.strip()
    try:
        found = parse_time(f"{text}Z" if _NAIVE.fullmatch(text) else text)
    except OverflowError:  # its offset leads out of the calendar
        return _FIRST if text.startswith("0") else _LAST
    return min(max(found, _FIRST), _LAST)
